// The yardstick's table of files: everything in memory, a hash table by (parent, name), answers without any work.
#ifndef YARDSTICK_H
#define YARDSTICK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

// A file or a directory. Numbers begin at 1, the root.
struct node {
    uint64_t number;
    uint64_t parent;
    char *name;
    mode_t mode;
    uid_t owner;
    gid_t group;
    struct timespec modified;
    // A file's bytes.
    char *data;
    size_t size, capacity;
    // A directory's entries, in the order of their creation; 0 where one was removed.
    uint64_t *entries;
    size_t entry_count, entry_capacity;
    // The next node with the same hash.
    struct node *next;
};

// The node of a number, or NULL.
struct node *node_get(uint64_t number);
// The entry of a directory, or NULL.
struct node *node_find(uint64_t parent, const char *name);
// A new entry of a directory; NULL when memory is exhausted.
struct node *node_create(uint64_t parent, const char *name, mode_t mode, uid_t owner, gid_t group);
// Takes the entry out of its directory; the node stays readable by its number.
void node_unlink(struct node *node);
// Gives the node another place and name.
int node_move(struct node *node, uint64_t parent, const char *name);
// Sets the size, filling with zeros; -1 when memory is exhausted.
int node_resize(struct node *node, size_t size);
// What stat shows.
void node_stat(const struct node *node, struct stat *out);

#endif
