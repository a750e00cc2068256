import Glibc
import VexValues
import VexWire

/// The mount's directory, which takes a frame and gives its answer in one inline ioctl (docs/wire.md); for any number
/// of threads at once.
final class MountRoot: Sendable {
    private let descriptor: Int32
    /// `VEXFS_FRAME(size)` of `vexfs_ioctl.h` for the largest size: read and write, type V, number 0x40.
    private static let command = UInt(0xC000_5640) | UInt(WireLimits.inlineBytesMax) << 16

    /// Opens a directory; nil with `errno` where there is none.
    init?(path: String) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What came of a call.
    enum Outcome {
        case answer(MountAnswer)
        /// It was done, and the answer does not fit.
        case tooLarge
        /// The directory is of a mount that is gone, or of none.
        case failed
    }

    /// Sends a frame of at most ``WireLimits/inlineBytesMax`` bytes.
    func call(_ frame: [UInt8]) -> Outcome {
        // Contract: the kernel reads and writes as many bytes as the command says, and the array has them.
        var bytes = frame
        bytes.reserveCapacity(WireLimits.inlineBytesMax)
        bytes.append(contentsOf: repeatElement(0, count: WireLimits.inlineBytesMax - frame.count))
        let status = bytes.withUnsafeMutableBytes { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return -1 }
            return ioctl(descriptor, Self.command, base)
        }
        guard status >= 0, let header = try? bytes.withUnsafeBytes({ try WireHeader(decoding: $0) }),
            header.flags & WireHeader.answerFlag != 0, header.frameByteCount <= bytes.count
        else { return .failed }
        bytes.removeLast(bytes.count - header.frameByteCount)
        let answer = MountAnswer(header: header, bytes: bytes)
        if header.status != 0 {
            do throws(VexFSError) { _ = try answer.body() } catch {
                if error.code == .rangeTooSmall { return .tooLarge }
            }
        }
        return .answer(answer)
    }
}
