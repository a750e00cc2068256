import CVexKernels
import Glibc

/// Vectors of no fixed size as the database has them. Layout: `docs/format.md`, "Sparse vectors and multi-vectors".
enum StoredVector {
    private static let sparseKind: UInt8 = 1
    private static let multipleKind: UInt8 = 2
    private static let multipleHeadBytes = 16

    /// The value of a sparse vector.
    static func encoded(_ vector: SparseVector) -> [UInt8] {
        var writer = ByteWriter(capacity: 8 + vector.count * 8)
        writer.append(sparseKind)
        writer.bytes += [0, 0, 0]
        writer.append(UInt32(vector.count))
        for index in vector.indices { writer.append(index) }
        for value in vector.values { writer.append(value.bitPattern) }
        return writer.bytes
    }

    /// The value of several vectors, `[count × dimension] Float32`, rounded to the element.
    static func encoded(_ values: [Float], count: Int, _ element: VectorElement) -> [UInt8] {
        var writer = ByteWriter(capacity: multipleHeadBytes + values.count * element.byteCount)
        writer.append(multipleKind)
        writer.append(UInt8(element.code))
        writer.append(UInt16(0))
        writer.append(UInt32(count))
        writer.append(UInt32(count > 0 ? values.count / count : 0))
        writer.append(UInt32(0))
        writer.bytes += element.encoded(values)
        return writer.bytes
    }

    /// Reads a value that its row's record has the checksum of; nil where it is not what was written.
    static func checked(_ bytes: [UInt8], _ checksum: UInt32) -> DocumentVector? {
        bytes.withUnsafeBytes { bytes in
            guard vexfs_crc32c(0, bytes.baseAddress, bytes.count) == checksum else { return nil }
            return try? decoded(bytes)
        }
    }

    /// Reads any value.
    /// - Throws: `corruption` where the bytes are no such value.
    static func decoded(_ bytes: UnsafeRawBufferPointer) throws(VexFSError) -> DocumentVector {
        guard bytes.first == multipleKind else { return .sparse(try sparse(bytes)) }
        var values: [Float] = []
        let count = try multiple(bytes, into: &values)
        return .multiple(values, count: count)
    }

    /// Reads a sparse vector.
    /// - Throws: `corruption`.
    static func sparse(_ bytes: UnsafeRawBufferPointer) throws(VexFSError) -> SparseVector {
        var reader = ByteReader(bytes)
        guard try reader.read(UInt8.self) == sparseKind else { throw .damagedVector }
        for _ in 0..<3 { _ = try reader.read(UInt8.self) }
        let count = Int(try reader.read(UInt32.self))
        let rest = reader.rest
        guard rest.count == count * 8 else { throw .damagedVector }
        return SparseVector(
            ascending: array(rest, from: 0, count: count), values: array(rest, from: count * 4, count: count))
    }

    /// Reads several vectors into a buffer that is used again: `[count × dimension] Float32`; returns the count.
    /// - Throws: `corruption`.
    static func multiple(
        _ bytes: UnsafeRawBufferPointer, into values: inout [Float]
    ) throws(VexFSError) -> Int {
        var reader = ByteReader(bytes)
        guard try reader.read(UInt8.self) == multipleKind else { throw .damagedVector }
        let code = UInt32(try reader.read(UInt8.self))
        _ = try reader.read(UInt16.self)
        let count = Int(try reader.read(UInt32.self))
        let dimension = Int(try reader.read(UInt32.self))
        _ = try reader.read(UInt32.self)
        let rest = reader.rest
        // Both have 32 bits, so the product of what the bytes can hold does not overflow.
        guard let element = VectorElement.allCases.first(where: { $0.code == code }), count > 0, dimension > 0,
            dimension <= rest.count, count <= rest.count / dimension,
            rest.count == count * dimension * element.byteCount, let base = rest.baseAddress
        else { throw .damagedVector }
        let total = count * dimension
        if values.count != total { values = [Float](repeating: 0, count: total) }
        values.withUnsafeMutableBufferPointer { values in
            if element == .float32, let target = values.baseAddress {
                memcpy(target, base, total * 4)
            } else {
                element.decode(base, into: values)
            }
        }
        return count
    }

    /// Numbers of 32 bits; the bytes hold them all, checked by the caller.
    private static func array<Element: BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, from start: Int, count: Int
    ) -> [Element] {
        [Element](unsafeUninitializedCapacity: count) { buffer, filled in
            if count > 0, let base = bytes.baseAddress, let target = buffer.baseAddress {
                memcpy(target, base + start, count * 4)
            }
            filled = count
        }
    }
}

extension VexFSError {
    /// A stored vector that is not what was written.
    static var damagedVector: VexFSError {
        VexFSError(.corruption, "a stored vector is not what was written; run vexfs-fuse fsck")
    }
}
