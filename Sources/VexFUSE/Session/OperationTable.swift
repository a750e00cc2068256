import CFuseShim
import Glibc
import VexFS

/// The functions that libfuse calls, each a line that hands over to ``Operations``. What is not set here is answered by
/// libfuse with ENOSYS, which the kernel remembers: copy_file_range, lseek, bmap, locks (which stay local).
enum OperationTable {
    static func make() -> fuse_lowlevel_ops {
        var table = fuse_lowlevel_ops()
        table.`init` = { _, connection in
            if let connection { configure(&connection.pointee) }
        }
        addAttributes(to: &table)
        addFiles(to: &table)
        addDirectories(to: &table)
        addNamespace(to: &table)
        addExtendedAttributes(to: &table)
        return table
    }

    private static func addAttributes(to table: inout fuse_lowlevel_ops) {
        table.lookup = { request, parent, name in
            serve(request, .lookup) { (fs, request) throws(VexFSError) in
                if let name { try fs.lookup(request, parent: parent, name: name) }
            }
        }
        table.forget = { request, node, lookups in
            serve(request, .forget) { fs, request in
                fs.forget(node, lookups)
                request.replyNothing()
            }
        }
        table.forget_multi = { request, count, forgets in
            serve(request, .forget) { fs, request in
                for one in UnsafeBufferPointer(start: forgets, count: count) { fs.forget(one.ino, one.nlookup) }
                request.replyNothing()
            }
        }
        table.getattr = { request, node, _ in
            serve(request, .getattr) { (fs, request) throws(VexFSError) in try fs.getattr(request, node) }
        }
        table.setattr = { request, node, wanted, mask, info in
            serve(request, .setattr) { (fs, request) throws(VexFSError) in
                guard let wanted else { return request.reply(errno: EINVAL) }
                try fs.setattr(request, node, wanted.pointee, mask, handle: info?.pointee.fh)
            }
        }
        table.readlink = { request, node in
            serve(request, .readlink) { (fs, request) throws(VexFSError) in try fs.readlink(request, node) }
        }
        table.statfs = { request, _ in
            serve(request, .statfs) { (fs, request) throws(VexFSError) in try fs.statfs(request) }
        }
    }

    private static func addFiles(to table: inout fuse_lowlevel_ops) {
        table.open = { request, node, info in
            serve(request, .open) { (fs, request) throws(VexFSError) in
                if let info { try fs.open(request, node, info.pointee) }
            }
        }
        table.create = { request, parent, name, mode, info in
            serve(request, .create) { (fs, request) throws(VexFSError) in
                if let name, let info { try fs.create(request, parent: parent, name: name, mode: mode, info.pointee) }
            }
        }
        table.read = { request, _, size, offset, info in
            serve(request, .read) { (fs, request) throws(VexFSError) in
                if let info { try fs.handle(info.pointee.fh).read(request, size: size, offset: Int64(offset)) }
            }
        }
        table.write = { request, _, bytes, size, offset, info in
            serve(request, .write) { (fs, request) throws(VexFSError) in
                guard let info else { return request.reply(errno: EINVAL) }
                let handle = try fs.handle(info.pointee.fh)
                try failing(fs, request, handle) { () throws(VexFSError) in
                    try handle.write(request, UnsafeRawBufferPointer(start: bytes, count: size), offset: Int64(offset))
                }
            }
        }
        table.flush = { request, _, info in
            serve(request, .flush) { (fs, request) throws(VexFSError) in
                if let info { try fs.handle(info.pointee.fh).flush(request) }
            }
        }
        table.fsync = { request, _, _, info in
            serve(request, .fsync) { (fs, request) throws(VexFSError) in
                if let info { try fs.handle(info.pointee.fh).sync(request) }
            }
        }
        table.release = { request, _, info in
            serve(request, .release) { fs, request in
                if let info { fs.release(info.pointee.fh) }
                request.reply(errno: 0)
            }
        }
        table.ioctl = { request, node, number, _, _, _, input, inputCount, outputCount in
            serve(request, .ioctl) { (fs, request) throws(VexFSError) in
                try fs.ioctl(
                    request, node, number: number, input: UnsafeRawBufferPointer(start: input, count: inputCount),
                    outputCount: outputCount)
            }
        }
        table.poll = { request, _, info, waker in
            serve(request, .poll) { (fs, request) throws(VexFSError) in
                let waker = waker.map(PollWaker.init)
                if let info { try fs.handle(info.pointee.fh).poll(request, waker) }
            }
        }
        table.fallocate = { request, _, _, _, _, _ in
            serve(request, .fallocate) { _, request in request.reply(errno: EOPNOTSUPP) }
        }
    }

    private static func addDirectories(to table: inout fuse_lowlevel_ops) {
        table.opendir = { request, node, info in
            serve(request, .opendir) { (fs, request) throws(VexFSError) in
                if let info { try fs.opendir(request, node, info.pointee) }
            }
        }
        table.readdir = { request, node, size, offset, info in
            serve(request, .readdir) { (fs, request) throws(VexFSError) in
                guard let info else { return request.reply(errno: EINVAL) }
                try fs.readdir(
                    request, node, size: size, offset: Int64(offset), handle: info.pointee.fh, withAttributes: false)
            }
        }
        table.readdirplus = { request, node, size, offset, info in
            serve(request, .readdirplus) { (fs, request) throws(VexFSError) in
                guard let info else { return request.reply(errno: EINVAL) }
                try fs.readdir(
                    request, node, size: size, offset: Int64(offset), handle: info.pointee.fh, withAttributes: true)
            }
        }
        table.releasedir = { request, _, info in
            serve(request, .releasedir) { fs, request in
                if let info { fs.releasedir(info.pointee.fh) }
                request.reply(errno: 0)
            }
        }
        table.fsyncdir = { request, _, _, _ in serve(request, .fsyncdir) { fs, request in fs.fsyncdir(request) } }
    }

    private static func addNamespace(to table: inout fuse_lowlevel_ops) {
        table.mknod = { request, parent, name, mode, _ in
            serve(request, .mknod) { (fs, request) throws(VexFSError) in
                if let name { try fs.mknod(request, parent: parent, name: name, mode: mode) }
            }
        }
        table.mkdir = { request, parent, name, mode in
            serve(request, .mkdir) { (fs, request) throws(VexFSError) in
                if let name { try fs.mkdir(request, parent: parent, name: name, mode: mode) }
            }
        }
        table.symlink = { request, target, parent, name in
            serve(request, .symlink) { (fs, request) throws(VexFSError) in
                if let target, let name { try fs.symlink(request, target: target, parent: parent, name: name) }
            }
        }
        table.link = { request, _, _, _ in
            serve(request, .link) { (fs, _) throws(VexFSError) in try fs.link() }
        }
        table.unlink = { request, parent, name in
            serve(request, .unlink) { (fs, request) throws(VexFSError) in
                if let name { try fs.unlink(request, parent: parent, name: name) }
            }
        }
        table.rmdir = { request, parent, name in
            serve(request, .rmdir) { (fs, request) throws(VexFSError) in
                if let name { try fs.rmdir(request, parent: parent, name: name) }
            }
        }
        table.rename = { request, parent, name, newParent, newName, flags in
            serve(request, .rename) { (fs, request) throws(VexFSError) in
                guard let name, let newName else { return request.reply(errno: EINVAL) }
                try fs.rename(
                    request, parent: parent, name: name, newParent: newParent, newName: newName, flags: flags)
            }
        }
    }

    private static func addExtendedAttributes(to table: inout fuse_lowlevel_ops) {
        table.getxattr = { request, node, name, size in
            serve(request, .getxattr) { (fs, request) throws(VexFSError) in
                if let name { try fs.getxattr(request, node, name: name, size: size) }
            }
        }
        table.setxattr = { request, node, name, value, size, flags in
            serve(request, .setxattr) { (fs, request) throws(VexFSError) in
                guard let name else { return request.reply(errno: EINVAL) }
                let bytes = UnsafeRawBufferPointer(start: value, count: size)
                try fs.setxattr(request, node, name: name, value: bytes, flags: flags)
            }
        }
        table.listxattr = { request, node, size in
            serve(request, .listxattr) { (fs, request) throws(VexFSError) in
                try fs.listxattr(request, node, size: size)
            }
        }
        table.removexattr = { request, node, name in
            serve(request, .removexattr) { (fs, request) throws(VexFSError) in
                if let name { try fs.removexattr(request, node, name: name) }
            }
        }
    }
}

/// What is agreed on with the kernel. See docs/decisions/0004-fuse-session-loop.md for the measurements.
private func configure(_ connection: inout fuse_conn_info) {
    let wanted =
        FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS
        | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_READ | FUSE_CAP_AUTO_INVAL_DATA
    let unwanted =
        FUSE_CAP_WRITEBACK_CACHE | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE
        | FUSE_CAP_ASYNC_DIO
    connection.want = (connection.want & ~UInt32(unwanted)) | (connection.capable & UInt32(wanted))
    connection.max_write = 1 << 20
    connection.max_readahead = max(connection.max_readahead, 1 << 17)
}

/// Finds the mount behind a request and runs what answers it.
///
/// Contract: libfuse's userdata is the `Operations` that ``FuseSession`` keeps alive until its threads have ended.
private func serve(
    _ pointer: fuse_req_t?, _ operation: Metrics.Operation,
    _ body: (Operations, Request) throws(VexFSError) -> Void
) {
    guard let pointer, let userdata = fuse_req_userdata(pointer) else { return }
    Unmanaged<Operations>.fromOpaque(userdata)._withUnsafeGuaranteedRef { operations in
        let request = Request(pointer, operation, operations.store.metrics)
        do throws(VexFSError) {
            try body(operations, request)
        } catch {
            operations.fail(request, error, at: "")
        }
    }
}

/// Answers with an error and the file's path.
private func failing(
    _ operations: Operations, _ request: Request, _ handle: any OpenHandle, _ body: () throws(VexFSError) -> Void
) throws(VexFSError) {
    do throws(VexFSError) { try body() } catch { operations.fail(request, error, at: handle.path) }
}
