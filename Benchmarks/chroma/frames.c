// Times frames of docs/wire.md on a mount, so that nothing but the mount's own time counts.
//
// Usage: frames ioctl|session PATH FRAMES COUNT
//        frames info DIRECTORY COUNT
// FRAMES is a file of requests, one behind the other, which are asked in turn: by inline ioctls on the directory PATH,
// or through the session file PATH. `info` asks a directory of a collection for its figures, the ioctl that does next
// to nothing: what the way through the kernel takes. Prints one JSON object, times in microseconds.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../../Sources/CFuseShim/include/vexfs_ioctl.h"

enum { head_bytes = 32, inline_bytes = 16383, answer_bytes = 1 << 20, requests_max = 4096 };

static const char *path;
static int descriptor;
static unsigned char *requests[requests_max];
static size_t lengths[requests_max];
static long request_count;
static unsigned char answer[answer_bytes];
static unsigned long answered;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static void fail(const char *what) {
    fprintf(stderr, "frames: %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

// The whole length of the frame that begins here; the machine is little-endian, as frames are.
static size_t frame_bytes(const unsigned char *frame) {
    uint32_t text;
    uint64_t binary;
    memcpy(&text, frame + 12, sizeof text);
    memcpy(&binary, frame + 16, sizeof binary);
    return head_bytes + text + binary;
}

static void read_requests(const char *file) {
    int source = open(file, O_RDONLY | O_CLOEXEC);
    off_t size = source < 0 ? -1 : lseek(source, 0, SEEK_END);
    unsigned char *bytes = size < head_bytes ? NULL : malloc((size_t)size);
    if (!bytes || pread(source, bytes, (size_t)size, 0) != size) {
        path = file;
        fail("read the requests of");
    }
    close(source);
    for (size_t place = 0; place + head_bytes <= (size_t)size && request_count < requests_max; request_count++) {
        requests[request_count] = bytes + place;
        lengths[request_count] = frame_bytes(bytes + place);
        place += lengths[request_count];
    }
}

static void check(size_t count) {
    uint32_t status;
    memcpy(&status, answer + 8, sizeof status);
    if (count < head_bytes || status != 0 || frame_bytes(answer) > answer_bytes) {
        fprintf(stderr, "frames: the answer has the status %u: %.400s\n", status, answer + head_bytes);
        exit(1);
    }
    answered += frame_bytes(answer);
}

static void ask_by_ioctl(long step) {
    long place = step % request_count;
    memcpy(answer, requests[place], lengths[place]);
    if (ioctl(descriptor, VEXFS_FRAME(inline_bytes), answer) != 0) fail("ioctl");
    check(inline_bytes);
}

static void ask_in_session(long step) {
    long place = step % request_count;
    if (write(descriptor, requests[place], lengths[place]) != (ssize_t)lengths[place]) fail("write");
    ssize_t count = pread(descriptor, answer, sizeof answer, 0);
    if (count < 0) fail("pread");
    check((size_t)count);
}

static void ask_for_info(long step) {
    (void)step;
    struct vexfs_info info;
    if (ioctl(descriptor, VEXFS_INFO, &info) != 0) fail("ioctl");
    answered += sizeof info;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

int main(int argument_count, char **arguments) {
    if (argument_count < 4) return 2;
    const char *way = arguments[1];
    int is_info = strcmp(way, "info") == 0, is_session = strcmp(way, "session") == 0;
    if (argument_count != (is_info ? 4 : 5) || !(is_info || is_session || strcmp(way, "ioctl") == 0)) return 2;
    if (!is_info) read_requests(arguments[3]);
    path = arguments[2];
    long count = atol(arguments[argument_count - 1]);
    double *times = count < 1 ? NULL : malloc(sizeof *times * (size_t)count);
    if (!times || (!is_info && request_count == 0)) return 2;
    descriptor = open(path, is_session ? O_RDWR | O_CLOEXEC : O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail("open");
    void (*ask)(long) = is_info ? ask_for_info : is_session ? ask_in_session : ask_by_ioctl;
    double start = now();
    for (long step = 0; step < count; step++) {
        double before = now();
        ask(step);
        times[step] = now() - before;
    }
    double elapsed = now() - start;
    qsort(times, (size_t)count, sizeof *times, ascending);
    printf("{\"count\":%ld,\"mean\":%.2f,\"p50\":%.2f,\"p99\":%.2f,\"bytes\":%.0f}\n", count,
           elapsed / (double)count, times[count / 2], times[count * 99 / 100], (double)answered / (double)count);
    return 0;
}
