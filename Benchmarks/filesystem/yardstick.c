// A file system that does nothing but answer: what the kernel and libfuse cost by themselves.
//
// Usage: yardstick MOUNTPOINT [ENTRIES]. Files live in memory and are gone at the end; `big/` has ENTRIES empty files.
// Caching is set as VexFS sets it: names and attributes for 60 s, the page cache kept between openings for reading,
// direct I/O for writing (so that the kernel does not ask for attributes before every write).
#define FUSE_USE_VERSION 34
#define _GNU_SOURCE
#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

static const double timeout_seconds = 60.0;

static void fill_entry(struct fuse_entry_param *entry, const struct node *node) {
    memset(entry, 0, sizeof *entry);
    entry->ino = node->number;
    entry->attr_timeout = entry->entry_timeout = timeout_seconds;
    node_stat(node, &entry->attr);
}

static void on_init(void *data, struct fuse_conn_info *connection) {
    (void)data;
    connection->max_write = 1 << 20;
    connection->want &= ~(unsigned)(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
    struct fuse_entry_param entry;
    struct node *node = node_find(parent, name);
    if (!node) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    fill_entry(&entry, node);
    fuse_reply_entry(request, &entry);
}

static void on_forget(fuse_req_t request, fuse_ino_t number, uint64_t count) {
    (void)number;
    (void)count;
    fuse_reply_none(request);
}

static void on_getattr(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info) {
    (void)info;
    struct stat attributes;
    struct node *node = node_get(number);
    if (!node) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    node_stat(node, &attributes);
    fuse_reply_attr(request, &attributes, timeout_seconds);
}

static void on_setattr(
    fuse_req_t request, fuse_ino_t number, struct stat *wanted, int which, struct fuse_file_info *info) {
    struct node *node = node_get(number);
    if (which & FUSE_SET_ATTR_MODE) node->mode = (node->mode & S_IFMT) | (wanted->st_mode & 07777);
    if (which & FUSE_SET_ATTR_UID) node->owner = wanted->st_uid;
    if (which & FUSE_SET_ATTR_GID) node->group = wanted->st_gid;
    if (which & FUSE_SET_ATTR_MTIME) node->modified = wanted->st_mtim;
    if ((which & FUSE_SET_ATTR_SIZE) && node_resize(node, (size_t)wanted->st_size) != 0) {
        fuse_reply_err(request, ENOSPC);
        return;
    }
    on_getattr(request, number, info);
}

static struct node *make(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode) {
    const struct fuse_ctx *caller = fuse_req_ctx(request);
    if (node_find(parent, name)) {
        fuse_reply_err(request, EEXIST);
        return NULL;
    }
    struct node *node = node_create(parent, name, mode, caller->uid, caller->gid);
    if (!node) fuse_reply_err(request, ENOSPC);
    return node;
}

static void on_mkdir(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode) {
    struct fuse_entry_param entry;
    struct node *node = make(request, parent, name, S_IFDIR | (mode & 07777));
    if (!node) return;
    fill_entry(&entry, node);
    fuse_reply_entry(request, &entry);
}

static void on_create(
    fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *info) {
    struct fuse_entry_param entry;
    struct node *node = make(request, parent, name, S_IFREG | (mode & 07777));
    if (!node) return;
    fill_entry(&entry, node);
    info->direct_io = 1;
    fuse_reply_create(request, &entry, info);
}

static void on_unlink(fuse_req_t request, fuse_ino_t parent, const char *name) {
    struct node *node = node_find(parent, name);
    if (node) node_unlink(node);
    fuse_reply_err(request, node ? 0 : ENOENT);
}

static void on_rename(
    fuse_req_t request, fuse_ino_t parent, const char *name, fuse_ino_t to, const char *new_name, unsigned flags) {
    struct node *node = node_find(parent, name);
    struct node *target = node_find(to, new_name);
    if (!node || flags) {
        fuse_reply_err(request, node ? EINVAL : ENOENT);
        return;
    }
    if (target) node_unlink(target);
    fuse_reply_err(request, node_move(node, to, new_name) == 0 ? 0 : ENOSPC);
}

static void on_open(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info) {
    (void)number;
    if ((info->flags & O_ACCMODE) == O_RDONLY) {
        info->keep_cache = 1;
    } else {
        info->direct_io = 1;
    }
    fuse_reply_open(request, info);
}

static void on_read(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info) {
    (void)info;
    struct node *node = node_get(number);
    size_t start = (size_t)offset < node->size ? (size_t)offset : node->size;
    size_t length = node->size - start < size ? node->size - start : size;
    fuse_reply_buf(request, node->data ? node->data + start : NULL, length);
}

static void on_write(
    fuse_req_t request, fuse_ino_t number, const char *bytes, size_t size, off_t offset, struct fuse_file_info *info) {
    (void)info;
    struct node *node = node_get(number);
    size_t end = (size_t)offset + size;
    if (end > node->size && node_resize(node, end) != 0) {
        fuse_reply_err(request, ENOSPC);
        return;
    }
    memcpy(node->data + offset, bytes, size);
    fuse_reply_write(request, size);
}

static void on_done(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info) {
    (void)number;
    (void)info;
    fuse_reply_err(request, 0);
}

static void list(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, int with_attributes) {
    struct node *directory = node_get(number);
    char *buffer = malloc(size);
    size_t used = 0;
    if (!buffer) {
        fuse_reply_err(request, ENOMEM);
        return;
    }
    for (size_t index = (size_t)offset; index < directory->entry_count; index++) {
        const struct node *node = node_get(directory->entries[index]);
        if (!node) continue;
        struct fuse_entry_param entry;
        fill_entry(&entry, node);
        char *place = buffer + used;
        size_t left = size - used, needed;
        if (with_attributes) {
            needed = fuse_add_direntry_plus(request, place, left, node->name, &entry, (off_t)index + 1);
        } else {
            needed = fuse_add_direntry(request, place, left, node->name, &entry.attr, (off_t)index + 1);
        }
        if (needed > left) break;
        used += needed;
    }
    fuse_reply_buf(request, buffer, used);
    free(buffer);
}

static void on_readdir(fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info) {
    (void)info;
    list(request, number, size, offset, 0);
}

static void on_readdirplus(
    fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info) {
    (void)info;
    list(request, number, size, offset, 1);
}

static void on_statfs(fuse_req_t request, fuse_ino_t number) {
    (void)number;
    struct statvfs answer = {.f_bsize = 4096, .f_frsize = 4096, .f_blocks = 1 << 20, .f_namemax = 255};
    fuse_reply_statfs(request, &answer);
}

static void on_getxattr(fuse_req_t request, fuse_ino_t number, const char *name, size_t size) {
    (void)number;
    (void)name;
    (void)size;
    fuse_reply_err(request, ENODATA);
}

static const struct fuse_lowlevel_ops operations = {
    .init = on_init, .lookup = on_lookup, .forget = on_forget, .getattr = on_getattr, .setattr = on_setattr,
    .mkdir = on_mkdir, .create = on_create, .unlink = on_unlink, .rename = on_rename, .open = on_open,
    .read = on_read, .write = on_write, .flush = on_done, .release = on_done, .readdir = on_readdir,
    .readdirplus = on_readdirplus, .statfs = on_statfs, .getxattr = on_getxattr,
};

static int fill_big(long entries) {
    struct node *big = node_create(1, "big", S_IFDIR | 0755, 0, 0);
    for (long index = 0; big && index < entries; index++) {
        char name[32];
        snprintf(name, sizeof name, "d%ld.json", index);
        if (!node_create(big->number, name, S_IFREG | 0644, 0, 0)) return -1;
    }
    return big ? 0 : -1;
}

int main(int count, char **arguments) {
    if (count < 2) {
        fprintf(stderr, "usage: yardstick MOUNTPOINT [ENTRIES]\n");
        return 2;
    }
    if (!node_create(1, "", S_IFDIR | 0755, 0, 0) || fill_big(count > 2 ? atol(arguments[2]) : 0) != 0) return 1;
    char *options[] = {"yardstick", "-o", "fsname=yardstick,default_permissions"};
    struct fuse_args fuse_arguments = FUSE_ARGS_INIT(3, options);
    struct fuse_session *session = fuse_session_new(&fuse_arguments, &operations, sizeof operations, NULL);
    if (!session || fuse_set_signal_handlers(session) != 0 || fuse_session_mount(session, arguments[1]) != 0) return 1;
    int result = fuse_session_loop(session);
    fuse_session_unmount(session);
    fuse_remove_signal_handlers(session);
    fuse_session_destroy(session);
    fuse_opt_free_args(&fuse_arguments);
    return result == 0 ? 0 : 1;
}
