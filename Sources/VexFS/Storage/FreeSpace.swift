import Glibc
import Synchronization

/// Refuses writes while the disk still has room for what was acknowledged.
///
/// RocksDB that runs into a full disk stops until it is reopened, and it needs room to flush what its log already
/// holds; so the store says `ENOSPC` before the disk does. Deletes are always allowed.
final class FreeSpace: Sendable {
    /// Bytes that stay free.
    let reserveBytes: Int
    /// The size of RocksDB's write buffers, smaller on a small disk.
    let writeBufferBytes: Int

    private let path: String
    /// Bytes that may be written before the disk is asked again.
    private let allowance = Atomic<Int>(0)

    init(path: String) {
        self.path = path
        var status = statvfs()
        let total = statvfs(path, &status) == 0 ? Int(status.f_blocks) * Int(status.f_frsize) : Int.max
        writeBufferBytes = total < 1 << 30 ? 2 << 20 : 64 << 20
        reserveBytes = total < 1 << 30 ? 12 << 20 : 256 << 20
    }

    /// - Throws: `storeFull` where writing so much would touch the reserve.
    func claim(_ byteCount: Int) throws(VexFSError) {
        if allowance.subtract(byteCount, ordering: .relaxed).newValue >= 0 { return }
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return }
        let free = Int(status.f_bavail) * Int(status.f_frsize) - reserveBytes - byteCount * 2
        guard free > 0 else {
            allowance.store(0, ordering: .relaxed)
            throw VexFSError(
                .storeFull,
                "the disk that holds the store is full (\(reserveBytes >> 20) MiB are kept free for safety)",
                at: path)
        }
        allowance.store(min(free / 4, 16 << 20), ordering: .relaxed)
    }
}
