#ifndef CMICROHTTPD_H
#define CMICROHTTPD_H

#include <microhttpd.h>
#include <stdint.h>

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
    /* A connection with this descriptor was opened or closed. */
    void (*connection)(void *context, int descriptor, int is_open);
} vexfs_http_callbacks;

/* The settings of a server. */
typedef struct vexfs_http_settings {
    /* An IPv4 or IPv6 address in text form. */
    const char *address;
    /* 0: any free port. */
    uint16_t port;
    unsigned connection_limit;
    unsigned connections_per_address;
    /* How long a connection may be silent. */
    unsigned idle_timeout_seconds;
    /* Bytes for the head of one request. */
    unsigned head_bytes;
} vexfs_http_settings;

/* Starts a server with a thread for each connection; NULL with errno where it cannot listen. `callbacks` is copied. */
struct MHD_Daemon *vexfs_http_start(const vexfs_http_settings *settings, const vexfs_http_callbacks *callbacks);

/* The port that the server listens on, or 0. */
uint16_t vexfs_http_port(struct MHD_Daemon *daemon);

/* Stops the server when its threads have answered what they work on, and frees it. */
void vexfs_http_stop(struct MHD_Daemon *daemon);

/* The socket of a connection, or -1. */
int vexfs_http_socket(struct MHD_Connection *connection);

/* Writes the client's address without its port into `out`, which has room for 64 bytes. */
void vexfs_http_client(struct MHD_Connection *connection, char *out);

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
