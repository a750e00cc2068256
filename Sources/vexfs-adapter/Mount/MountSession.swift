import CMicrohttpd
import Glibc
import VexValues
import VexWire

/// One open session file of the mount: a request is written, its answer is read. One thread at a time.
final class MountSession {
    private let descriptor: Int32
    private static let firstReadBytes = 256 << 10

    /// Opens the session file; nil with `errno` where the mount does not have it.
    init?(path: String) {
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What came of a call.
    enum Outcome {
        case answer(MountAnswer)
        /// Nothing was asked: the session is of a mount that is gone, with `errno`.
        case stale(Int32)
        /// Nobody knows whether it was done, or it was not taken: with `errno`.
        case lost(Int32)
    }

    /// What system calls say of a mount that is gone.
    private static let gone: Set<Int32> = [ENODEV, ENOTCONN, EBADF, ESTALE, EIO, ECONNABORTED]

    /// Sends a frame and reads its answer.
    func call(_ frame: [UInt8]) -> Outcome {
        guard vexfs_interruption_came() == 0 else { return .lost(EINTR) }
        var sent = 0
        while sent < frame.count {
            let count = frame.withUnsafeBytes { bytes in
                // Contract: sent < the frame's size.
                write(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = errno
                return sent == 0 && Self.gone.contains(reason) ? .stale(reason) : .lost(reason)
            }
            sent += count
        }
        var problem = EPROTO
        var bytes = [UInt8](unsafeUninitializedCapacity: Self.firstReadBytes) { buffer, filled in
            let count = Self.read(descriptor, into: UnsafeMutableRawBufferPointer(buffer), at: 0)
            if count < 0 { problem = errno }
            filled = max(0, count)
        }
        guard bytes.count >= WireHeader.byteCount,
            let header = try? bytes.withUnsafeBytes({ try WireHeader(decoding: $0) })
        else { return .lost(problem) }
        let size = header.frameByteCount
        if bytes.count < size {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: size - start))
            let isWhole = bytes.withUnsafeMutableBytes { buffer in
                var filled = start
                while filled < size {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                    let count = Self.read(descriptor, into: rest, at: filled)
                    guard count > 0 else {
                        problem = count < 0 ? errno : EPROTO
                        return false
                    }
                    filled += count
                }
                return true
            }
            guard isWhole else { return .lost(problem) }
        }
        return .answer(MountAnswer(header: header, bytes: bytes))
    }

    private static func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
            if count >= 0 || errno != EINTR || vexfs_interruption_came() != 0 { return count }
        }
    }
}
