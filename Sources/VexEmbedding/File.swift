import Glibc
import VexFS

/// Reads a whole file of at most `limit` bytes.
/// - Throws: `modelMissing` when it is not there, `inputOutput` when it cannot be read, `corruption` when it is larger.
func readFile(_ path: String, limit: Int) throws(VexFSError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw VexFSError(
            errno == ENOENT ? .modelMissing : .inputOutput, "The model's file cannot be opened.", at: path,
            cause: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        // The buffer is the array's own storage, and read() writes at most its length.
        let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count == 0 { return bytes }
        if count < 0 {
            if errno == EINTR { continue }
            throw VexFSError(
                .inputOutput, "The model's file cannot be read.", at: path, cause: String(cString: strerror(errno)))
        }
        bytes.append(contentsOf: chunk[..<count])
        guard bytes.count <= limit else {
            throw VexFSError(.corruption, "The model's file is larger than such a file can be.", at: path)
        }
    }
}
