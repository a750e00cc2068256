/* Written from the layout that docs/wire.md describes, without the project's header. Usage: original COLLECTION NODE */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct file_info {
    uint32_t dimensions, element_type, vector_count, storage_format;
    uint64_t data_offset, index_offset;
    uint32_t compression_type, alignment_bytes;
};
struct search {
    float *query;
    uint32_t dimensions, k, type;
    float *scores;
    uint64_t *ids;
    uint32_t count;
};
struct insert {
    float *vectors;
    uint32_t count, dimensions;
    uint64_t *ids;
    uint32_t flags;
};

enum { N = 200, D = 8 };
static float vectors[N][D];
static uint64_t ids[N];
static int failures;

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno); \
            failures++;                                                        \
        }                                                                      \
    } while (0)

static double score(int type, const float *a, const float *b) {
    double dot = 0, square = 0, left = 0, right = 0;
    for (int i = 0; i < D; i++) {
        dot += (double)a[i] * b[i];
        square += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        left += (double)a[i] * a[i];
        right += (double)b[i] * b[i];
    }
    return type == 0 ? sqrt(square) : type == 1 ? dot / sqrt(left * right) : dot;
}

static void compare(int fd, int type, uint32_t k) {
    float query[D], scores[N];
    uint64_t found[N];
    for (int i = 0; i < D; i++) query[i] = (float)(rand() % 129 - 64) / 64;
    struct search request = {query, D, k, (uint32_t)type, scores, found, 0};
    CHECK(ioctl(fd, 0xc0305603, &request) == 0);
    CHECK(request.count == (k < N ? k : N));
    for (uint32_t rank = 0; rank < request.count; rank++) {
        CHECK(found[rank] >= 100 && found[rank] < 100 + N);
        CHECK(fabs(score(type, query, vectors[found[rank] - 100]) - scores[rank]) < 1e-4);
        if (rank > 0) CHECK(type == 0 ? scores[rank] >= scores[rank - 1] : scores[rank] <= scores[rank - 1]);
    }
    int better = 0;
    for (int row = 0; row < N; row++) {
        double own = score(type, query, vectors[row]);
        if (type == 0 ? own < scores[request.count - 1] - 1e-4 : own > scores[request.count - 1] + 1e-4) better++;
    }
    CHECK(better < (int)request.count);
}

static void refusals(int fd) {
    float query[D] = {1}, scores[4];
    uint64_t found[4];
    struct search good = {query, D, 4, 0, scores, found, 0};
    struct search request = good;
#define REFUSED(change, number)                       \
    request = good;                                   \
    change;                                           \
    errno = 0;                                        \
    CHECK(ioctl(fd, 0xc0305603, &request) == -1 && errno == (number));
    REFUSED(request.query = NULL, EINVAL)
    REFUSED(request.k = 0, EINVAL)
    REFUSED(request.type = 3, EINVAL)
    REFUSED(request.dimensions = D + 1, EINVAL)
    REFUSED(request.dimensions = 0, EINVAL)
    REFUSED(request.query = (float *)16, EFAULT)
    REFUSED(request.scores = (float *)16, EFAULT)
    REFUSED(query[0] = NAN, EINVAL)
    query[0] = 1;
    struct insert insert = {&vectors[0][0], 1, D, ids, 0};
#define NOT_INSERTED(change, number)                  \
    insert = (struct insert){&vectors[0][0], 1, D, ids, 0}; \
    change;                                           \
    errno = 0;                                        \
    CHECK(ioctl(fd, 0x40205604, &insert) == -1 && errno == (number));
    NOT_INSERTED(insert.vectors = NULL, EINVAL)
    NOT_INSERTED(insert.count = 0, EINVAL)
    NOT_INSERTED(insert.count = 1000001, EINVAL)
    NOT_INSERTED(insert.dimensions = D - 1, EINVAL)
    NOT_INSERTED(insert.flags = 8, EINVAL)
    NOT_INSERTED(insert.flags = 2, EEXIST)
    NOT_INSERTED(insert.vectors = (float *)16, EFAULT)
    static const unsigned long foreign[] = {0x5401, 0xc038560a, 0xc040560b, 0xc030560c, 0x8048560d, 0x4020560e,
                                            0x560f, 0x40f85614, 0x80f85615, 0x40845616, 0xc148561a, 0x5814, 0xc01c5603};
    char room[512] = {0};
    for (unsigned i = 0; i < sizeof foreign / sizeof *foreign; i++)
        CHECK(ioctl(fd, foreign[i], room) == -1 && errno == ENOTTY);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    int directory = open(arguments[1], O_RDONLY | O_DIRECTORY);
    int node = open(arguments[2], O_RDONLY);
    CHECK(directory >= 0 && node >= 0);
    CHECK(sizeof(struct file_info) == 40 && sizeof(struct search) == 48 && sizeof(struct insert) == 32);

    struct file_info info = {.dimensions = D, .element_type = 1};
    CHECK(ioctl(directory, 0x40285601, &info) == 0);
    srand(7);
    for (int row = 0; row < N; row++) {
        ids[row] = 100 + (uint64_t)row;
        for (int i = 0; i < D; i++) vectors[row][i] = (float)(rand() % 129 - 64) / 64;
        vectors[row][0] += 2; /* none is all zeros */
    }
    struct insert insert = {&vectors[0][0], N, D, ids, 4};
    CHECK(ioctl(node, 0x40205604, &insert) == 0); /* checks only */
    memset(&info, 0xff, sizeof info);
    CHECK(ioctl(node, 0x80285602, &info) == 0 && info.vector_count == 0);
    insert.flags = 2;
    CHECK(ioctl(node, 0x40205604, &insert) == 0);
    CHECK(ioctl(directory, 0x80285602, &info) == 0);
    CHECK(info.dimensions == D && info.element_type == 1 && info.vector_count == N && info.storage_format == 0);
    for (int type = 0; type < 3; type++) {
        compare(directory, type, 10);
        compare(node, type, 1);
        compare(node, type, N + 50);
    }
    refusals(directory);
    refusals(node);
    return failures ? 1 : 0;
}
