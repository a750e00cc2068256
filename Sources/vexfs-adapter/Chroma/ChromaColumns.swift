import VexValues

/// The records of an answer of the mount, column by column, written in Chroma's form.
///
/// Contract: valid as long as the tape and the binary parts are.
struct ChromaColumns {
    private let tape: JSONTape
    private let binary: UnsafeRawBufferPointer
    private let columns: Int
    private let vectors: Vectors?

    /// Where a part with vectors lies behind the control part.
    struct Vectors: Sendable {
        var offset: Int
        var rows: Int
        var dimension: Int
    }

    /// Looks at the columns at `index` of an answer.
    init(_ tape: JSONTape, _ binary: UnsafeRawBufferPointer, at index: Int) {
        self.tape = tape
        self.binary = binary
        columns = index
        vectors = Self.part("vectors", tape, index, binary.count)
    }

    private static func part(_ name: StaticString, _ tape: JSONTape, _ index: Int, _ size: Int) -> Vectors? {
        guard let column = tape.member(name, of: index), let reference = tape.member("part", of: column),
            let number = tape.integer(reference), let parts = tape.member("parts", of: tape.root)
        else { return nil }
        var found: Vectors?
        var place = 0
        tape.forEachElement(of: parts) { part in
            if place == number, let shape = tape.member("shape", of: part), let at = tape.member("offset", of: part) {
                var sizes: [Int] = []
                tape.forEachElement(of: shape) { sizes.append(tape.integer($0) ?? 0) }
                if sizes.count == 2, let offset = tape.integer(at), offset >= 0, sizes[0] >= 0, sizes[1] >= 0,
                    offset + 4 * sizes[0] * sizes[1] <= size
                {
                    found = Vectors(offset: offset, rows: sizes[0], dimension: sizes[1])
                }
            }
            place += 1
        }
        return found
    }

    /// How many records there are.
    var count: Int { tape.member("ids", of: columns).map { tape.count($0) } ?? 0 }

    /// Whether the mount was asked for no more than it has.
    var hasMore: Bool { tape.member("more", of: columns) != nil }

    /// The ids of the records.
    var ids: [String] {
        var ids: [String] = []
        if let column = tape.member("ids", of: columns), tape.kind(column) == .array {
            tape.forEachElement(of: column) { ids.append(tape.string($0)) }
        }
        return ids
    }

    /// Where the vectors lie, if they are there.
    var vectorPart: Vectors? { vectors }

    /// Appends the ids as an array.
    func writeIDs(to out: inout [UInt8]) { write("ids", to: &out) }

    /// Appends the documents as an array.
    func writeDocuments(to out: inout [UInt8]) { write("documents", to: &out) }

    private func write(_ name: StaticString, to out: inout [UInt8]) {
        guard let column = tape.member(name, of: columns) else { return out.append(contentsOf: "[]".utf8) }
        tape.write(column, to: &out)
    }

    private func writeList(_ name: StaticString, to out: inout [UInt8], _ body: (Int, inout [UInt8]) -> Void) {
        out.append(UInt8(ascii: "["))
        if let column = tape.member(name, of: columns), tape.kind(column) == .array {
            var isFirst = true
            tape.forEachElement(of: column) { element in
                if !isFirst { out.append(UInt8(ascii: ",")) }
                isFirst = false
                body(element, &out)
            }
        }
        out.append(UInt8(ascii: "]"))
    }

    /// Appends the metadata as an array; empty ones as null.
    func writeMetadatas(to out: inout [UInt8]) {
        let own = Array(ChromaMetadata.ownPrefix.utf8)
        writeList("metadatas", to: &out) { element, out in
            let start = out.count
            let hasMembers =
                tape.kind(element) == .object && tape.writeObject(element, to: &out) { !$0.starts(with: own) }
            guard !hasMembers else { return }
            out.removeSubrange(start...)
            out.append(contentsOf: "null".utf8)
        }
    }

    /// Appends the URIs, which are part of the metadata, as an array.
    func writeURIs(to out: inout [UInt8]) {
        writeList("metadatas", to: &out) { element, out in
            guard let uri = tape.member("chroma:uri", of: element) else { return out.append(contentsOf: "null".utf8) }
            tape.write(uri, to: &out)
        }
    }

    /// Appends the distances as an array.
    func writeDistances(to out: inout [UInt8]) {
        writeList("distances", to: &out) { element, out in
            guard let value = tape.double(element) else { return out.append(contentsOf: "null".utf8) }
            JSON.write(float: Float(value), to: &out)
        }
    }

    /// Appends the vectors as an array.
    func writeVectors(to out: inout [UInt8]) {
        guard let vectors else { return out.append(contentsOf: "[]".utf8) }
        out.append(UInt8(ascii: "["))
        for row in 0..<vectors.rows {
            if row > 0 { out.append(UInt8(ascii: ",")) }
            Self.write(row: row, of: vectors, in: binary, to: &out)
        }
        out.append(UInt8(ascii: "]"))
    }

    /// Appends one vector; a row of NaN is a record without.
    static func write(row: Int, of vectors: Vectors, in binary: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        let start = vectors.offset + 4 * row * vectors.dimension
        // Contract: `part` has checked that the rows lie within the binary bytes. They are copied since nothing says
        // that a control part ends at a multiple of four.
        let floats = [Float](unsafeUninitializedCapacity: vectors.dimension) { buffer, filled in
            UnsafeMutableRawBufferPointer(buffer).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: binary[start..<start + 4 * vectors.dimension]))
            filled = vectors.dimension
        }
        guard let first = floats.first, !first.isNaN else { return out.append(contentsOf: "null".utf8) }
        out.append(UInt8(ascii: "["))
        floats.withUnsafeBufferPointer { JSON.write(floats: $0, to: &out) }
        out.append(UInt8(ascii: "]"))
    }
}
