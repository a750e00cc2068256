#define _GNU_SOURCE
#include "vexfs_ioctl_shim.h"

#include <errno.h>
#include <stddef.h>
#include <sys/uio.h>

_Static_assert(sizeof(struct vexfs_vector_meta) == 40, "layout");
_Static_assert(offsetof(struct vexfs_vector_meta, element_type) == 4, "layout");
_Static_assert(offsetof(struct vexfs_vector_meta, vector_count) == 8, "layout");
_Static_assert(offsetof(struct vexfs_vector_meta, storage_format) == 12, "layout");
_Static_assert(offsetof(struct vexfs_vector_meta, data_offset) == 16, "layout");
_Static_assert(offsetof(struct vexfs_vector_meta, index_offset) == 24, "layout");
_Static_assert(offsetof(struct vexfs_vector_meta, compression_type) == 32, "layout");
_Static_assert(offsetof(struct vexfs_vector_meta, alignment_bytes) == 36, "layout");
_Static_assert(sizeof(struct vexfs_search) == 48, "layout");
_Static_assert(offsetof(struct vexfs_search, dimensions) == 8, "layout");
_Static_assert(offsetof(struct vexfs_search, k) == 12, "layout");
_Static_assert(offsetof(struct vexfs_search, search_type) == 16, "layout");
_Static_assert(offsetof(struct vexfs_search, results_bits) == 24, "layout");
_Static_assert(offsetof(struct vexfs_search, result_ids) == 32, "layout");
_Static_assert(offsetof(struct vexfs_search, result_count) == 40, "layout");
_Static_assert(sizeof(struct vexfs_insert) == 32, "layout");
_Static_assert(offsetof(struct vexfs_insert, vector_count) == 8, "layout");
_Static_assert(offsetof(struct vexfs_insert, dimensions) == 12, "layout");
_Static_assert(offsetof(struct vexfs_insert, vector_ids) == 16, "layout");
_Static_assert(offsetof(struct vexfs_insert, flags) == 24, "layout");
_Static_assert(VEXFS_SET_VECTOR_META == 0x40285601, "number");
_Static_assert(VEXFS_GET_VECTOR_META == 0x80285602, "number");
_Static_assert(VEXFS_VECTOR_SEARCH == 0xc0305603, "number");
_Static_assert(VEXFS_BATCH_INSERT == 0x40205604, "number");
_Static_assert(VEXFS_FRAME(512) == 0xc2005640 && VEXFS_FRAME(16383) == 0xffff5640, "number");
_Static_assert(sizeof(struct vexfs_info) == 48 && VEXFS_INFO == 0x80305641, "number");
_Static_assert(sizeof(struct vexfs_inline_search) == 784 && VEXFS_INLINE_SEARCH(2048) == 0xe3105643, "number");
_Static_assert(sizeof(struct vexfs_inline_insert) == 16, "layout");

/* The kernel copies at most so much at once, and stops at a page that is not there. */
static int copy(pid_t process, void *local, uint64_t remote, size_t count, int writes) {
    char *place = local;
    while (count > 0) {
        struct iovec here = {.iov_base = place, .iov_len = count};
        /* An address of the other process: it is never dereferenced here. */
        struct iovec there = {.iov_base = (void *)(uintptr_t)remote, .iov_len = count};
        ssize_t done = writes ? process_vm_writev(process, &here, 1, &there, 1, 0)
                              : process_vm_readv(process, &here, 1, &there, 1, 0);
        if (done < 0) return errno;
        if (done == 0) return EFAULT;
        place += done;
        remote += (uint64_t)done;
        count -= (size_t)done;
    }
    return 0;
}

int vexfs_read_memory(pid_t process, void *local, uint64_t remote, size_t count) {
    return copy(process, local, remote, count, 0);
}

int vexfs_write_memory(pid_t process, const void *local, uint64_t remote, size_t count) {
    return copy(process, (void *)local, remote, count, 1);
}
