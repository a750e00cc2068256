/// Vectors in `vec=`: little-endian Float32 in base64 with the URL alphabet (RFC 4648 §5), padding optional.
///
/// A sparse vector is its indices (UInt32) and its values with a colon between, several vectors have `~` between them.
/// JSON stands for each of them too.
enum VectorText {
    /// A vector of any kind; nil where the text is none.
    /// - Throws: `invalidQuery` for a component that is not finite, `invalidVector` for a sparse vector that is none.
    static func vector(_ text: String) throws(VexFSError) -> QueryVector? {
        if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
            guard let indices = words(text[..<colon].utf8), let values = words(text[text.index(after: colon)...].utf8)
            else { return nil }
            return .sparse(try SparseVector(indices: indices, values: values.map(Float.init(bitPattern:))))
        }
        var vectors: [[Float]] = []
        for part in text.split(separator: "~", omittingEmptySubsequences: false) {
            guard let vector = decode(part.utf8) else { return nil }
            guard vector.allSatisfy(\.isFinite) else {
                throw VexFSError(.invalidQuery, "The vector in vec= holds a component that is not a finite number")
            }
            vectors.append(vector)
        }
        return vectors.count == 1 ? .dense(vectors[0]) : .multiple(vectors)
    }

    /// A vector as a document writes it.
    /// - Throws: `invalidQuery`, `invalidVector`.
    static func vector(json text: String) throws(VexFSError) -> QueryVector {
        let json = try JSON.parse(Array(text.utf8), code: .invalidQuery)
        guard case .vector(let vector) = try QdrantQueryReader(readFilter: Filter.readQdrant).input(json, at: "vec=")
        else {
            throw VexFSError(.invalidQuery, "The JSON in vec= is not a vector")
        }
        return vector
    }

    /// A sparse vector as ``vector(_:)`` reads it.
    static func encode(_ vector: SparseVector) -> String {
        encode(vector.indices.map(Float.init(bitPattern:))) + ":" + encode(vector.values)
    }

    /// Numbers of 32 bits; none for no text.
    private static func words(_ text: Substring.UTF8View) -> [UInt32]? {
        text.isEmpty ? [] : decode(text)?.map(\.bitPattern)
    }

    /// The vector, or nil where the text is not base64 of whole numbers of 4 bytes. Accepts the standard alphabet too.
    static func decode(_ text: some Sequence<UInt8>) -> [Float]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        var padding = 0
        var digits = 0
        for byte in text {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: byte) else { return nil }
            digits += 1
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        let unused = bits & (1 << UInt32(bitCount) - 1)
        guard unused == 0, digits % 4 != 1, padding <= 2 else { return nil }
        guard padding == 0 || (digits + padding) % 4 == 0 else { return nil }
        guard !bytes.isEmpty, bytes.count % 4 == 0 else { return nil }
        return stride(from: 0, to: bytes.count, by: 4).map { at in
            let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
            return Float(bitPattern: word)
        }
    }

    /// The vector as base64 with the URL alphabet, without padding.
    static func encode(_ vector: [Float]) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount = 0
        for component in vector {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bits = bits << 8 | (component.bitPattern >> shift & 0xFF)
                bitCount += 8
                while bitCount >= 6 {
                    bitCount -= 6
                    text.append(alphabet[Int(bits >> UInt32(bitCount) & 63)])
                }
            }
        }
        if bitCount > 0 { text.append(alphabet[Int(bits << UInt32(6 - bitCount) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"), UInt8(ascii: "+"): 62
        case UInt8(ascii: "_"), UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
