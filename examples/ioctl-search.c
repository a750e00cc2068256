/*
 * Inserts vectors into a collection and searches it, with one system call each.
 *
 * Build: cc -I Sources/CFuseShim/include -o ioctl-search examples/ioctl-search.c
 * Usage: ioctl-search COLLECTION
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vexfs_ioctl.h"

enum { DIMENSIONS = 4, COUNT = 3 };

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: %s COLLECTION\n", arguments[0]);
        return 2;
    }
    int collection = open(arguments[1], O_RDONLY | O_DIRECTORY);
    if (collection < 0) {
        perror(arguments[1]);
        return 1;
    }

    float vectors[COUNT][DIMENSIONS] = {{1, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 3, 0}};
    uint64_t ids[COUNT] = {10, 20, 30};
    struct vexfs_insert insert = {
        .vectors_bits = (uint32_t *)vectors, .vector_count = COUNT, .dimensions = DIMENSIONS, .vector_ids = ids};
    if (ioctl(collection, VEXFS_BATCH_INSERT, &insert) != 0) {
        perror("insert");
        return 1;
    }

    /* The inline form needs no rights to reach into this process, so it works from containers, too. */
    size_t size = sizeof(struct vexfs_inline_search) + sizeof(float) * DIMENSIONS;
    struct vexfs_inline_search *search = calloc(1, size);
    search->dimensions = DIMENSIONS;
    search->k = 2;
    search->search_type = VEXFS_EUCLIDEAN;
    memcpy(search->query, (float[DIMENSIONS]){0, 1.5f, 0, 0}, sizeof(float) * DIMENSIONS);
    if (ioctl(collection, VEXFS_INLINE_SEARCH(DIMENSIONS), search) != 0) {
        perror("search");
        return 1;
    }
    for (uint32_t rank = 0; rank < search->count; rank++) {
        float distance;
        memcpy(&distance, &search->scores[rank], sizeof distance);
        printf("%llu.json at %.3f\n", (unsigned long long)search->ids[rank], distance);
    }
    free(search);
    return 0;
}
