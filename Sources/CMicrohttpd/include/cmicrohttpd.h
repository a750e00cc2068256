#ifndef CMICROHTTPD_H
#define CMICROHTTPD_H

#include <microhttpd.h>
#include <stdint.h>
#include <sys/socket.h>

/* The functions that a server is made of; `context` is handed to each of them. */
typedef struct vexfs_http_callbacks {
    void *context;
    /* A request line was read: `uri` is as the client wrote it. What this returns stands for the request from then
     * on. */
    void *(*begin)(void *context, const char *uri);
    /* As MHD_AccessHandlerCallback; `*request` is what `begin` returned. */
    MHD_AccessHandlerCallback handle;
    /* The request is over, however it ended: `request` may be freed. */
    void (*end)(void *context, void *request);
    /* The connection is about to be closed: its descriptor is somebody else's afterwards. */
    void (*closed)(void *context);
} vexfs_http_callbacks;

/* How requests are read. */
typedef struct vexfs_http_settings {
    /* How long a connection may be silent. */
    unsigned idle_timeout_seconds;
    /* Bytes for the head of one request. */
    unsigned head_bytes;
} vexfs_http_settings;

/* Who is at the other end of a connection. */
typedef struct vexfs_http_peer {
    struct sockaddr_storage name;
    socklen_t size;
    /* The address without the port. */
    uint64_t address[2];
} vexfs_http_peer;

/* Listens on an IPv4 or IPv6 address in text form; port 0 is any free one. Returns the socket, or -1 with errno. */
int vexfs_http_listen(const char *address, uint16_t port);

/* The port of a listening socket, or 0. */
uint16_t vexfs_http_port(int listener);

/* Waits for a connection on which something was sent, or which has been silent for a second. Returns its socket, or -1
 * with errno: EINVAL once the listening socket is shut down. */
int vexfs_http_accept(int listener, vexfs_http_peer *peer);

/* What reads the requests of one connection at a time; of one thread. */
typedef struct vexfs_http_loop vexfs_http_loop;

/* Makes one; NULL without memory or descriptors. Both arguments are copied. */
vexfs_http_loop *vexfs_http_loop_create(const vexfs_http_settings *settings, const vexfs_http_callbacks *callbacks);

/* Frees it. */
void vexfs_http_loop_destroy(vexfs_http_loop *loop);

/* Answers the requests of a connection until it is closed, which it is in any case. Returns 0, or -1 where the loop is
 * of no more use. */
int vexfs_http_serve(vexfs_http_loop *loop, int connection, const vexfs_http_peer *peer);

/* How far a connection is, as the kernel counts; all 0 where nothing is known. */
typedef struct vexfs_http_link {
    uint64_t received_bytes;
    uint64_t acknowledged_bytes;
    /* Whether the other side has closed it. */
    int is_left;
} vexfs_http_link;

/* Asks the kernel about a socket. */
vexfs_http_link vexfs_http_look(int socket);

/* Makes SIGUSR1 end system calls, and be remembered by the thread that it was sent to. */
void vexfs_interruption_prepare(void);

/* Sends it to a thread, which must be there. */
void vexfs_interruption_send(unsigned long thread);

/* Whether this thread was sent it since it last forgot. */
int vexfs_interruption_came(void);

/* Forgets. */
void vexfs_interruption_forget(void);

/* Keeps it from this thread, or lets it through again. */
void vexfs_interruption_hold(int is_held);

/* Has memory taken so that a process with many threads gives it back; to be called before the first thread. */
void vexfs_http_prepare_memory(void);

/* Gives memory that is free back to the system. */
void vexfs_http_return_memory(void);

#endif
