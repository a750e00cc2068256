#define _GNU_SOURCE
#include "vexspace.h"

#include <fcntl.h>
#include <malloc.h>

int vexfs_punch_hole(int descriptor, long offset, long count) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count);
}

void vexfs_keep_large_memory_apart(void) {
    /* Buffers of an ingest and blocks of a memory table are below this: they come again and again, and a map of its
       own for each would be a page fault for every 4 KiB written. */
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    /* Without this, setting the other would also make every free at the heap's end a system call. */
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

void vexfs_return_memory(void) { malloc_trim(0); }
