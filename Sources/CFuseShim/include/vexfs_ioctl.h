/*
 * The ioctls of a VexFS mount, for C and C++. Stable: numbers and layouts never change. docs/wire.md describes them.
 *
 * They work on a descriptor of a collection's directory, of `.vexfs/index` in it, or of `vectors/vectors.vexfs`.
 * Floats cross as IEEE-754 bits in a u32: a float[] is such an array as it is. A search of type EUCLIDEAN gives
 * distances, smallest first; COSINE and DOT_PRODUCT give similarities, biggest first.
 */
#ifndef VEXFS_IOCTL_H
#define VEXFS_IOCTL_H

#include <stdint.h>
#include <sys/ioctl.h>

/* Element types; vectors are stored as FLOAT32. */
enum { VEXFS_FLOAT32 = 1, VEXFS_FLOAT16 = 2, VEXFS_INT8 = 3, VEXFS_BINARY = 4 };
/* Search types. */
enum { VEXFS_EUCLIDEAN = 0, VEXFS_COSINE = 1, VEXFS_DOT_PRODUCT = 2 };
/* Storage formats and compressions; only DENSE and NONE are stored. */
enum { VEXFS_DENSE = 0, VEXFS_SPARSE = 1, VEXFS_COMPRESSED = 2 };
enum { VEXFS_NONE = 0, VEXFS_LZ4 = 1, VEXFS_ZSTD = 2 };
/* Inserting: replace what has the id (also without any flag), fail with EEXIST, or, alone, check and store nothing. */
enum { VEXFS_OVERWRITE = 1, VEXFS_APPEND = 2, VEXFS_VALIDATE = 4 };

/* An id with this bit is no id: the other bits are the inode number of the file, whose id is no whole number. */
#define VEXFS_IS_INODE (UINT64_C(1) << 63)
/* In the ids of an inline insert: choose one, and write it here. */
#define VEXFS_CHOOSE_ID UINT64_MAX

/* What a collection's vectors are. SET_VECTOR_META fixes the dimensions of a collection without vectors. */
struct vexfs_vector_meta {
    uint32_t dimensions;
    uint32_t element_type;
    uint32_t vector_count;   /* ignored when set */
    uint32_t storage_format;
    uint64_t data_offset;    /* ignored when set, 0 */
    uint64_t index_offset;   /* ignored when set, 0 */
    uint32_t compression_type;
    uint32_t alignment_bytes; /* ignored when set */
};

/* A search whose query and answers lie in the caller's memory: the daemon must be allowed to reach it. */
struct vexfs_search {
    uint32_t *query_vector_bits; /* dimensions */
    uint32_t dimensions;
    uint32_t k;
    uint32_t search_type;
    uint32_t padding;
    uint32_t *results_bits; /* room for k */
    uint64_t *result_ids;   /* room for k */
    uint32_t result_count;  /* out */
    uint32_t padding_end;
};

/* Vectors to insert, row by row; all are stored, or none. Each becomes the file ID.json. */
struct vexfs_insert {
    uint32_t *vectors_bits; /* vector_count × dimensions */
    uint32_t vector_count;
    uint32_t dimensions;
    uint64_t *vector_ids; /* vector_count, or NULL: ids are chosen */
    uint32_t flags;
    uint32_t padding;
};

#define VEXFS_SET_VECTOR_META _IOW('V', 1, struct vexfs_vector_meta)
#define VEXFS_GET_VECTOR_META _IOR('V', 2, struct vexfs_vector_meta)
#define VEXFS_VECTOR_SEARCH _IOWR('V', 3, struct vexfs_search)
#define VEXFS_BATCH_INSERT _IOW('V', 4, struct vexfs_insert)

/*
 * Inline forms: everything is in the argument, so they work from containers and other pid namespaces. The number holds
 * the size of the argument, at most 16383 bytes; any size that holds the header is accepted.
 */

/* A frame of the wire in, the answer's frame out; both begin at byte 0. */
#define VEXFS_FRAME(size) _IOC(_IOC_READ | _IOC_WRITE, 'V', 0x40, size)

struct vexfs_info {
    uint32_t version; /* 1 */
    uint32_t dimensions;
    uint32_t metric; /* a search type, or 3 for Manhattan */
    uint32_t element_type;
    uint64_t documents;
    uint64_t vectors;
    uint64_t pending;
    uint64_t inode; /* of the collection's directory */
};
#define VEXFS_INFO _IOR('V', 0x41, struct vexfs_info)

struct vexfs_inline_search {
    uint32_t dimensions;
    uint32_t k; /* at most 64 */
    uint32_t search_type;
    uint32_t count; /* out; 0 going in */
    uint64_t ids[64];
    uint32_t scores[64];
    uint32_t query[]; /* dimensions, at most 3899 */
};
#define VEXFS_INLINE_SEARCH(dimensions) \
    _IOC(_IOC_READ | _IOC_WRITE, 'V', 0x43, sizeof(struct vexfs_inline_search) + 4 * (dimensions))

struct vexfs_inline_insert {
    uint32_t dimensions;
    uint32_t count;
    uint32_t flags;
    uint32_t reserved; /* 0 */
    uint64_t ids[];    /* count, then count × dimensions u32: the vectors */
};
#define VEXFS_INLINE_INSERT(count, dimensions) \
    _IOC(_IOC_READ | _IOC_WRITE, 'V', 0x44, \
         sizeof(struct vexfs_inline_insert) + 8 * (count) + 4 * (count) * (dimensions))

#endif
