/*
 * Arguments of the ioctls, changed at random. Usage: fuzz COLLECTION NODE SECONDS SEED
 * Whatever is asked, the call ends with an answer or with a documented errno, and writes nowhere but where it may.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vexfs_ioctl.h"

enum { D = 8, ROOM = 4096, INLINE = 16383, CANARY = 0xA5 };

static uint64_t state;
static uint64_t next(void) { /* xorshift64*, https://doi.org/10.18637/jss.v008.i14 */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(0x2545F4914F6CDD1D);
}
static uint32_t below(uint32_t bound) { return (uint32_t)(next() >> 33) % bound; }

static char *page;   /* the end of readable and writable memory: what follows is not mapped */
static char *sealed; /* may be read only */
static uint8_t *results;
static float vectors[64 * D];
static uint64_t ids[64];
static int failures;

static void fail(const char *what, uint32_t number, int result) {
    fprintf(stderr, "%s: ioctl %#x gave %d, errno %d (%s)\n", what, number, result, errno, strerror(errno));
    failures++;
}

static uint32_t odd32(void) {
    static const uint32_t values[] = {0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 3899, 3900, 65536, 65537, 1000000, 1000001,
                                      0x3FFFFFFF, 0x40000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    return below(3) == 0 ? (uint32_t)next() : values[below(sizeof values / sizeof *values)];
}

static void *odd_pointer(void *good) {
    switch (below(8)) {
    case 0: return NULL;
    case 1: return (void *)16;
    case 2: return page + ROOM - below(64); /* ends inside of what is read or written */
    case 3: return sealed;
    case 4: return (void *)(uintptr_t)next();
    case 5: return (void *)(UINTPTR_MAX - below(4096));
    default: return good;
    }
}

static void fresh(void) {
    for (int i = 0; i < 64 * D; i++) vectors[i] = (float)(int)(next() % 129) / 64 - 1 + (i % D == 0 ? 4 : 0);
    if (below(8) == 0) ((uint32_t *)vectors)[below(64 * D)] = odd32(); /* also NaN and infinities */
    for (int i = 0; i < 64; i++) ids[i] = below(400);
    if (below(8) == 0) ids[below(64)] = below(2) ? next() : UINT64_MAX;
    memset(results, CANARY, ROOM);
}

static int documented(int error) {
    static const int known[] = {EINVAL, EFAULT, EEXIST, ENOTTY, EOPNOTSUPP, EDQUOT, ERANGE, ENOMEM, E2BIG};
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == error) return 1;
    return 0;
}

/* The scores lie in the first half of the results, the ids in the second; nothing is written behind the last. */
static void search(int fd) {
    struct vexfs_search request = {.query_vector_bits = (uint32_t *)vectors, .dimensions = D, .k = 1 + below(32),
                                   .search_type = below(3), .results_bits = (uint32_t *)results,
                                   .result_ids = (uint64_t *)(results + ROOM / 2)};
    for (uint32_t changes = below(3); changes > 0; changes--) {
        switch (below(6)) {
        case 0: request.query_vector_bits = odd_pointer(vectors); break;
        case 1: request.dimensions = odd32(); break;
        case 2: request.search_type = odd32(); break;
        case 3: request.results_bits = odd_pointer(results); break;
        case 4: request.result_ids = odd_pointer(results + ROOM / 2); break;
        default: request.result_count = odd32();
        }
    }
    int result = ioctl(fd, VEXFS_VECTOR_SEARCH, &request);
    if (result < 0 && !documented(errno)) fail("search", VEXFS_VECTOR_SEARCH, result);
    if (result == 0 && request.result_count > request.k) fail("more answers than asked for", request.k, result);
    for (uint32_t place = request.k * 4; place < ROOM / 2; place++)
        if (results[place] != CANARY) { fail("written behind the scores", place, result); break; }
    for (uint32_t place = ROOM / 2 + request.k * 8; place < ROOM; place++)
        if (results[place] != CANARY) { fail("written behind the ids", place, result); break; }
}

static void insert(int fd) {
    struct vexfs_insert request = {.vectors_bits = (uint32_t *)vectors, .vector_count = 1 + below(16), .dimensions = D,
                                   .vector_ids = below(4) ? ids : NULL, .flags = below(4) ? 1 : below(8)};
    for (uint32_t changes = below(3); changes > 0; changes--) {
        switch (below(5)) {
        case 0: request.vectors_bits = odd_pointer(vectors); break;
        case 1: request.vector_count = odd32(); break;
        case 2: request.dimensions = odd32(); break;
        case 3: request.vector_ids = odd_pointer(ids); break;
        default: request.flags = odd32();
        }
    }
    /* Ids that the daemon chooses make new documents: few of them, so that a long run stays small. */
    if (request.vector_ids == NULL && below(16)) request.flags = VEXFS_VALIDATE;
    int result = ioctl(fd, VEXFS_BATCH_INSERT, &request);
    if (result < 0 && !documented(errno)) fail("insert", VEXFS_BATCH_INSERT, result);
}

static uint8_t argument[INLINE + 1];

/* The kernel copies as many bytes as the number says, also when they are more than the structure. */
static void inlined(int fd, uint32_t type, uint32_t size) {
    if (below(4) == 0) size = below(INLINE + 1);
    for (uint32_t changes = below(4); changes > 0; changes--) {
        uint32_t value = odd32();
        memcpy(argument + 4 * below(below(4) ? 4 : INLINE / 4), &value, 4);
    }
    uint8_t behind = argument[size];
    uint32_t number = _IOC(below(16) ? 3 : below(4), 'V', type, size);
    int result = ioctl(fd, number, argument);
    if (result < 0 && !documented(errno)) fail("inline", number, result);
    if (argument[size] != behind) fail("written behind the argument", number, result);
}

static void inline_search(int fd) {
    struct vexfs_inline_search request = {.dimensions = D, .k = below(65), .search_type = below(3)};
    memcpy(argument, &request, sizeof request);
    memcpy(argument + sizeof request, vectors, 4 * D);
    inlined(fd, 0x43, sizeof request + 4 * D);
}

static void inline_insert(int fd) {
    struct vexfs_inline_insert request = {.dimensions = D, .count = 1 + below(8), .flags = below(8)};
    memcpy(argument, &request, sizeof request);
    memcpy(argument + sizeof request, ids, 8 * request.count);
    memcpy(argument + sizeof request + 8 * request.count, vectors, 4 * D * request.count);
    inlined(fd, 0x44, (uint32_t)sizeof request + (8 + 4 * D) * request.count);
}

/* The header of docs/wire.md: magic, operation, flags, status, bytes of JSON, bytes of binary, tag. */
static void frame(int fd) {
    static const char *const bodies[] = {"{}", "{\"version\":1}", "{\"vector\":[1,0,0,0,0,0,0,0],\"k\":3}",
                                         "{\"ids\":[\"1\",\"2\"]}", "{\"filter\":{\"n\":1},\"limit\":2}"};
    const char *body = bodies[below(5)];
    uint32_t length = (uint32_t)strlen(body);
    static const uint16_t operations[] = {1, 0x11, 0x12, 0x24, 0x25, 0x26, 0x27, 0x28, 0x50};
    uint16_t head[4] = {operations[below(9)], 0, 0, 0};
    uint64_t tag = next();
    if (below(8) == 0) head[0] = (uint16_t)next();
    memset(argument, 0, sizeof argument);
    memcpy(argument, "VXR1", 4);
    memcpy(argument + 4, head, 8);
    memcpy(argument + 12, &length, 4);
    memcpy(argument + 24, &tag, 8);
    memcpy(argument + 32, body, length);
    if (below(4) == 0) argument[32 + below(length)] ^= (uint8_t)(1 << below(8));
    inlined(fd, 0x40, below(2) ? INLINE : 512 + below(8192));
}

int main(int count, char **arguments) {
    if (count != 5) return 2;
    int descriptors[2] = {open(arguments[1], O_RDONLY | O_DIRECTORY), open(arguments[2], O_RDONLY)};
    if (descriptors[0] < 0 || descriptors[1] < 0) return 2;
    char *pages = mmap(NULL, 3 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return 2;
    page = pages;
    sealed = pages + 2 * ROOM;
    if (munmap(pages + ROOM, ROOM) != 0 || mprotect(sealed, ROOM, PROT_READ) != 0) return 2;
    results = aligned_alloc(64, ROOM);
    state = strtoull(arguments[4], NULL, 10) | 1;

    struct timespec now, start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    unsigned long calls = 0;
    do {
        int fd = descriptors[below(2)];
        fresh();
        switch (below(8)) {
        case 0: case 1: search(fd); break;
        case 2: insert(fd); break;
        case 3: inline_search(fd); break;
        case 4: inline_insert(fd); break;
        case 5: frame(fd); break;
        case 6: { /* what the vectors are */
            struct vexfs_vector_meta meta = {.dimensions = odd32(), .element_type = below(6),
                                             .storage_format = below(4), .compression_type = below(4)};
            int result = ioctl(fd, below(2) ? VEXFS_SET_VECTOR_META : VEXFS_GET_VECTOR_META, &meta);
            if (result < 0 && !documented(errno)) fail("meta", 0, result);
            break;
        }
        default: /* any number */
            for (int i = 0; i < 256; i++) argument[i] = (uint8_t)next();
            inlined(fd, below(256), below(INLINE + 1));
        }
        calls++;
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (failures < 10 && difftime(now.tv_sec, start.tv_sec) < atof(arguments[3]));
    fprintf(stderr, "%lu ioctls, %d failures\n", calls, failures);
    return failures ? 1 : 0;
}
