#define _GNU_SOURCE
#include "yardstick.h"

#include <stdlib.h>
#include <string.h>

static struct node **table;
static size_t node_count, node_capacity;
static struct node **buckets;
static size_t bucket_count, linked_count;

static uint64_t hash_of(uint64_t parent, const char *name) {
    // FNV-1a, begun with the parent's number.
    uint64_t hash = 14695981039346656037ULL ^ (parent * 0x9e3779b97f4a7c15ULL);
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 1099511628211ULL;
    return hash ^ (hash >> 29);
}

struct node *node_get(uint64_t number) {
    return number >= 1 && number <= node_count ? table[number - 1] : NULL;
}

struct node *node_find(uint64_t parent, const char *name) {
    if (!bucket_count) return NULL;
    struct node *node = buckets[hash_of(parent, name) & (bucket_count - 1)];
    while (node && (node->parent != parent || strcmp(node->name, name) != 0)) node = node->next;
    return node;
}

static int grow_buckets(void) {
    size_t wanted = bucket_count ? bucket_count * 2 : 1024;
    struct node **fresh = calloc(wanted, sizeof *fresh);
    if (!fresh) return -1;
    for (size_t index = 0; index < bucket_count; index++) {
        struct node *node = buckets[index];
        while (node) {
            struct node *next = node->next;
            size_t place = hash_of(node->parent, node->name) & (wanted - 1);
            node->next = fresh[place];
            fresh[place] = node;
            node = next;
        }
    }
    free(buckets);
    buckets = fresh;
    bucket_count = wanted;
    return 0;
}

static int link_node(struct node *node) {
    if (linked_count >= bucket_count && grow_buckets() != 0) return -1;
    size_t place = hash_of(node->parent, node->name) & (bucket_count - 1);
    node->next = buckets[place];
    buckets[place] = node;
    linked_count++;
    struct node *parent = node_get(node->parent);
    if (!parent || parent == node) return 0;
    if (parent->entry_count == parent->entry_capacity) {
        size_t wanted = parent->entry_capacity ? parent->entry_capacity * 2 : 16;
        uint64_t *entries = realloc(parent->entries, wanted * sizeof *entries);
        if (!entries) return -1;
        parent->entries = entries;
        parent->entry_capacity = wanted;
    }
    parent->entries[parent->entry_count++] = node->number;
    return 0;
}

struct node *node_create(uint64_t parent, const char *name, mode_t mode, uid_t owner, gid_t group) {
    if (node_count == node_capacity) {
        size_t wanted = node_capacity ? node_capacity * 2 : 1024;
        struct node **fresh = realloc(table, wanted * sizeof *fresh);
        if (!fresh) return NULL;
        table = fresh;
        node_capacity = wanted;
    }
    struct node *node = calloc(1, sizeof *node);
    if (!node || !(node->name = strdup(name))) return NULL;
    node->parent = parent;
    node->mode = mode;
    node->owner = owner;
    node->group = group;
    clock_gettime(CLOCK_REALTIME, &node->modified);
    table[node_count++] = node;
    node->number = node_count;
    return link_node(node) == 0 ? node : NULL;
}

void node_unlink(struct node *node) {
    struct node **place = &buckets[hash_of(node->parent, node->name) & (bucket_count - 1)];
    while (*place && *place != node) place = &(*place)->next;
    if (*place) {
        *place = node->next;
        linked_count--;
    }
    struct node *parent = node_get(node->parent);
    // The newest entry is the likeliest to go; a removed one leaves a hole, so that offsets stay valid.
    for (size_t index = parent->entry_count; index-- > 0;) {
        if (parent->entries[index] == node->number) {
            parent->entries[index] = 0;
            break;
        }
    }
    node->parent = 0;
}

int node_move(struct node *node, uint64_t parent, const char *name) {
    char *copy = strdup(name);
    if (!copy) return -1;
    node_unlink(node);
    free(node->name);
    node->name = copy;
    node->parent = parent;
    return link_node(node);
}

int node_resize(struct node *node, size_t size) {
    if (size > node->capacity) {
        size_t wanted = node->capacity * 2 > size ? node->capacity * 2 : size;
        char *data = realloc(node->data, wanted);
        if (!data) return -1;
        node->data = data;
        node->capacity = wanted;
    }
    if (size > node->size) memset(node->data + node->size, 0, size - node->size);
    node->size = size;
    return 0;
}

void node_stat(const struct node *node, struct stat *out) {
    memset(out, 0, sizeof *out);
    out->st_ino = node->number;
    out->st_mode = node->mode;
    out->st_nlink = S_ISDIR(node->mode) ? 2 : 1;
    out->st_uid = node->owner;
    out->st_gid = node->group;
    out->st_size = (off_t)node->size;
    out->st_blksize = 4096;
    out->st_blocks = (blkcnt_t)((node->size + 511) / 512);
    out->st_mtim = out->st_ctim = out->st_atim = node->modified;
}
