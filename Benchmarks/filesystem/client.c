// Times one operation on a mount. Usage: client OPERATION PATH COUNT; prints one JSON object, times in microseconds.
//
// stat, fstat, open_read_close and pread_4k want a file, create_write_close an empty directory, readdir a directory.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { dimension = 384, content_capacity = 8192, prepared_max = 512, path_capacity = 4096 };

static const char *path;
static int descriptor = -1;
static char *contents[prepared_max];
static char names[1 << 16][24];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static void fail(const char *what) {
    fprintf(stderr, "client: %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static uint64_t state = 0x9e3779b97f4a7c15ULL;

static double random_component(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0 * 2 - 1;
}

// Documents with 384 components, as many as `count` needs, written out before any time is taken.
static void prepare_contents(long count) {
    for (long index = 0; index < count && index < prepared_max; index++) {
        char *text = contents[index] = malloc(content_capacity);
        int length = snprintf(text, content_capacity, "{\"vector\":[");
        for (int component = 0; component < dimension; component++) {
            length += snprintf(text + length, (size_t)(content_capacity - length), "%s%.8g", component ? "," : "",
                               random_component());
        }
        snprintf(text + length, (size_t)(content_capacity - length), "]}\n");
    }
    for (long index = 0; index < count; index++) snprintf(names[index], sizeof names[0], "d%ld.json", index);
}

static void do_stat(long index) {
    (void)index;
    struct stat attributes;
    if (stat(path, &attributes) != 0) fail("stat");
}

static void do_fstat(long index) {
    (void)index;
    struct stat attributes;
    if (fstat(descriptor, &attributes) != 0) fail("fstat");
}

static void do_open_read_close(long index) {
    (void)index;
    static char buffer[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, buffer, sizeof buffer) <= 0 || close(file) != 0) fail("open, read, close");
}

static void do_pread(long index) {
    (void)index;
    static char buffer[4096];
    if (pread(descriptor, buffer, sizeof buffer, 0) <= 0) fail("pread");
}

static void do_create(long index) {
    const char *text = contents[index % prepared_max];
    size_t length = strlen(text);
    int file = openat(descriptor, names[index], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0 || write(file, text, length) != (ssize_t)length || close(file) != 0) fail("create, write, close");
}

static void do_readdir(long index) {
    (void)index;
    DIR *directory = opendir(path);
    if (!directory) fail("opendir");
    while (readdir(directory)) {
    }
    closedir(directory);
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

int main(int argument_count, char **arguments) {
    static const struct {
        const char *name;
        void (*run)(long);
        int flags;
    } operations[] = {
        {"stat", do_stat, -1}, {"fstat", do_fstat, O_RDONLY}, {"open_read_close", do_open_read_close, -1},
        {"pread_4k", do_pread, O_RDONLY}, {"create_write_close", do_create, O_RDONLY | O_DIRECTORY},
        {"readdir", do_readdir, -1},
    };
    if (argument_count != 4) return 2;
    path = arguments[2];
    long count = atol(arguments[3]);
    if (count < 1 || count > 1 << 16) return 2;
    for (size_t index = 0; index < sizeof operations / sizeof *operations; index++) {
        if (strcmp(arguments[1], operations[index].name) != 0) continue;
        if (operations[index].flags >= 0 && (descriptor = open(path, operations[index].flags)) < 0) fail("open");
        if (operations[index].run == do_create) prepare_contents(count);
        double *times = malloc(sizeof *times * (size_t)count);
        if (!times) fail("malloc");
        double start = now();
        for (long step = 0; step < count; step++) {
            double before = now();
            operations[index].run(step);
            times[step] = now() - before;
        }
        double elapsed = now() - start;
        qsort(times, (size_t)count, sizeof *times, ascending);
        printf("{\"operation\":\"%s\",\"count\":%ld,\"p50\":%.2f,\"p99\":%.2f,\"per_second\":%.0f}\n", arguments[1],
               count, times[count / 2], times[count * 99 / 100], (double)count / elapsed * 1e6);
        return 0;
    }
    return 2;
}
