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

/* Has memory taken so that a process with many threads gives it back; to be called before the first thread. */
void vexfs_http_prepare_memory(void);

/* Gives memory that is free back to the system. */
void vexfs_http_return_memory(void);

#endif
