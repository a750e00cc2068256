import CVexKernels

/// An export is not believed: whoever may write to the restore directory may have made it. What gets through is what a
/// collection could have written itself.
extension ArchiveFile {
    /// Nothing was committed so often.
    private static let versionEnd: UInt64 = 1 << 62

    /// Refuses a file that an export cannot have behind the file `last`.
    /// - Throws: `invalidArgument`.
    func check(against head: ArchiveHead, behind last: FileNumber) throws(VexFSError) {
        let file = record.attributes
        let isRoot = file.number == Collection.rootNumber
        guard file.number > last, file.number < head.filesBelow, isRoot == (last == 0),
            file.version > 0 || isRoot, file.version < Self.versionEnd, file.size >= 0,
            (file.kind == .document) == (file.row != nil), file.row.map({ Int($0) < head.documents }) ?? true
        else { throw .damagedExport("file \(file.number) cannot stand where it stands") }
        if isRoot {
            guard file.kind == .directory else { throw .damagedExport("its first file is no folder") }
        } else {
            guard (Collection.rootNumber..<head.filesBelow).contains(file.parent) else {
                throw .damagedExport("file \(file.number) is in no folder")
            }
            do throws(VexFSError) { try FileNaming.check(file.name) } catch { throw damaged(error.message) }
        }
        try checkContent(head)
        try checkVectors(head)
        guard isObject(record.row.metadata, or: file.row == nil), isObject(Array(record.metadataPatch.utf8), or: true)
        else { throw damaged("its metadata is no JSON object") }
    }

    private func checkContent(_ head: ArchiveHead) throws(VexFSError) {
        let file = record.attributes
        guard file.kind != .directory else {
            guard content.isEmpty else { throw damaged("a folder has no content") }
            return
        }
        let isChecked = file.kind == .symlink || vexfs_crc32c(0, content, content.count) == record.contentChecksum
        guard isChecked else { throw damaged("it has another content than its record says") }
        var size = content.count
        if record.row.isSpliced {
            guard record.row.hasVector, let dimension = head.configuration.dimension,
                SplicedContent.content(content, vector: []) != nil
            else { throw damaged("its content lacks a vector") }
            size = SplicedContent.size(stored: content.count, dimension: dimension)
        }
        guard Int(file.size) == size else { throw damaged("it has not as many bytes as its record says") }
    }

    private func checkVectors(_ head: ArchiveHead) throws(VexFSError) {
        let named = head.spaces.map(\.number).filter { record.row.checksum(in: $0) != nil }
        guard named == vectors.map(\.space) else { throw damaged("it has not the vectors that it names") }
        for (space, bytes) in vectors {
            guard vexfs_crc32c(0, bytes, bytes.count) == record.row.checksum(in: space) else {
                throw damaged("it has another vector than its record says")
            }
            let known = head.spaces.first { $0.number == space }
            guard let settings = known.flatMap({ head.configuration.settings(of: $0.name) }),
                settings.describes(stored: bytes)
            else { throw damaged("it has a vector that its settings do not describe") }
        }
    }

    private func isObject(_ text: [UInt8], or mayBeEmpty: Bool) -> Bool {
        if text.isEmpty { return mayBeEmpty }
        guard case .object? = try? JSON.parse(text, code: .invalidArgument) else { return false }
        return true
    }

    private func damaged(_ reason: String) -> VexFSError {
        .damagedExport("file \(record.attributes.number), \"\(record.attributes.name)\": \(reason)")
    }
}

extension VectorSettings {
    /// How far from 1 the squared length of a vector may be that was of unit length before it was rounded.
    private static let tolerance: Float = 0.02

    /// Whether bytes are what is stored of such a vector.
    fileprivate func describes(stored bytes: [UInt8]) -> Bool {
        if kind == .dense {
            guard let dimension, bytes.count == dimension * element.byteCount else { return false }
            return isStored(element.decoded(bytes, count: dimension))
        }
        guard let vector = try? bytes.withUnsafeBytes({ try StoredVector.decoded($0) }) else { return false }
        switch vector {
        case .dense: return false
        case .sparse(let sparse):
            let again = try? SparseVector(indices: sparse.indices, values: sparse.values)
            return kind == .sparse && again == sparse && bytes == StoredVector.encoded(sparse)
        case .multiple(let values, let count):
            // The type first: the components of another need not fit into this one.
            guard kind == .multiple, let dimension, dimension == vector.dimension, UInt32(bytes[1]) == element.code,
                bytes == StoredVector.encoded(values, count: count, element)
            else { return false }
            return (0..<count).allSatisfy { isStored(Array(values[$0 * dimension..<($0 + 1) * dimension])) }
        }
    }

    /// Whether a vector is finite, and of unit length (or all zeros) where that is what is stored.
    private func isStored(_ vector: [Float]) -> Bool {
        guard vexfs_largest_f32(vector, vector.count).isFinite else { return false }
        guard metric == .cosine, element != .uint8 else { return true }
        let square = vector.reduce(0) { $0 + $1 * $1 }
        return square == 0 || abs(square - 1) < Self.tolerance
    }
}

extension VectorElement {
    /// Stored components as Float32; the bytes hold so many.
    func decoded(_ bytes: [UInt8], count: Int) -> [Float] {
        precondition(bytes.count >= count * byteCount)
        return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            buffer.initialize(repeating: 0)
            bytes.withUnsafeBytes { bytes in
                if let start = bytes.baseAddress {
                    decode(start, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                }
            }
            filled = count
        }
    }
}
