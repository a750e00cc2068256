import Glibc
import VexFS

/// A mapped safetensors file: an 8-byte little-endian length, a JSON header of that length, raw little-endian values
/// (https://github.com/huggingface/safetensors, "Format").
///
/// `@unchecked Sendable`: the mapping is read-only and lasts as long as the object.
final class SafeTensors: @unchecked Sendable {
    private let path: String
    private let mapping: UnsafeRawBufferPointer
    private let header: JSON
    private let dataStart: Int

    /// The size of the file.
    var byteCount: Int { mapping.count }

    /// Maps a file and reads its header.
    /// - Throws: `modelMissing` when it is not there, `corruption` when it is not such a file.
    init(mapping path: String) throws(VexFSError) {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw VexFSError(
                errno == ENOENT ? .modelMissing : .inputOutput, "The model's weights cannot be opened.", at: path,
                cause: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size >= 8,
            let base = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED
        else { throw Self.corrupt(path, "it is too short") }
        mapping = UnsafeRawBufferPointer(start: base, count: Int(status.st_size))
        do {
            (header, dataStart) = try Self.readHeader(of: mapping, path: path)
        } catch {
            munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count)
            throw error
        }
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: mapping.baseAddress), mapping.count) }

    /// The values of a tensor of 32-bit floats with exactly this shape. The pointer is valid as long as the object.
    func floats(_ name: String, shape: [Int]) throws(VexFSError) -> UnsafePointer<Float> {
        guard let tensor = header[name] else { throw Self.corrupt(path, "it has no tensor \(name)") }
        guard tensor["dtype"]?.stringValue == "F32",
            tensor["shape"]?.arrayValue?.map(\.integerValue) == shape.map({ Int64($0) })
        else { throw Self.corrupt(path, "its tensor \(name) is not F32 of the shape \(shape)") }
        let offsets = tensor["data_offsets"]?.arrayValue?.compactMap(\.integerValue) ?? []
        let length = Int64(shape.reduce(MemoryLayout<Float>.size, *))
        guard offsets.count == 2, offsets[0] >= 0, offsets[1] <= Int64(mapping.count - dataStart),
            offsets[1] >= offsets[0], offsets[1] - offsets[0] == length,
            (dataStart + Int(offsets[0])) % MemoryLayout<Float>.alignment == 0,
            let base = mapping.baseAddress
        else { throw Self.corrupt(path, "its tensor \(name) does not lie within the file") }
        // Within the mapping and aligned, as just checked; the file's bytes are little-endian floats, as is memory.
        return base.advanced(by: dataStart + Int(offsets[0])).assumingMemoryBound(to: Float.self)
    }

    private static func readHeader(
        of mapping: UnsafeRawBufferPointer, path: String
    ) throws(VexFSError) -> (JSON, Int) {
        let length = UInt64(littleEndian: mapping.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(mapping.count - 8), length < 1 << 24 else {
            throw corrupt(path, "its header is longer than the file")
        }
        let bytes = Array(mapping[8..<(8 + Int(length))])
        do {
            return (try JSON.parse(bytes, code: .corruption), 8 + Int(length))
        } catch {
            throw corrupt(path, "its header is not JSON: \(error.message)")
        }
    }

    private static func corrupt(_ path: String, _ what: String) -> VexFSError {
        VexFSError(
            .corruption, "The model's weights are damaged; run scripts/fetch-model again.", at: path, cause: what)
    }
}
