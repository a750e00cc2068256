import VexValues

/// What a binary part holds, as `"parts"` of the control part says; a value `{"part": 0}` stands for the first of them.
public struct WirePart: Sendable, Equatable {
    /// How elements are written, little-endian.
    public enum Element: String, Sendable, CaseIterable {
        case float32 = "f32"
        case float16 = "f16"
        case int8 = "i8"
        case uint8 = "u8"
        case int64 = "i64"
        case uint64 = "u64"
        /// A u32 length and so many bytes each, `0xFFFFFFFF` for none; one dimension.
        case bytes

        /// Bytes of one element; 0 where they differ.
        public var byteCount: Int {
            switch self {
            case .float32: 4
            case .float16: 2
            case .int8, .uint8: 1
            case .int64, .uint64: 8
            case .bytes: 0
            }
        }
    }

    /// How elements are written.
    public var element: Element
    /// How many there are in each dimension, the outermost first.
    public var shape: [Int]
    /// Where the part begins, in bytes behind the control part.
    public var offset: Int

    /// How many elements there are; no overflow, as a frame holds them.
    public var count: Int { shape.reduce(1, *) }

    /// Describes a part.
    public init(_ element: Element, shape: [Int], offset: Int) {
        self.element = element
        self.shape = shape
        self.offset = offset
    }

    /// The descriptor in the control part.
    public var json: JSON {
        .object([
            .init("dtype", .string(element.rawValue)), .init("shape", .array(shape.map { .integer(Int64($0)) })),
            .init("offset", .integer(Int64(offset))),
        ])
    }

    /// Reads a descriptor and checks that the part lies within the frame's binary bytes.
    /// - Throws: `invalidArgument`.
    init(json: JSON, place: Int, binaryByteCount: Int) throws(VexFSError) {
        func refusal(_ problem: String) -> VexFSError { VexFSError(.invalidArgument, "parts[\(place)] \(problem)") }
        guard let element = json["dtype"]?.stringValue.flatMap(Element.init(rawValue:)) else {
            let known = Element.allCases.map(\.rawValue).joined(separator: ", ")
            throw refusal("must have a dtype, one of: \(known)")
        }
        var shape: [Int] = []
        var count = 1
        for item in json["shape"]?.arrayValue ?? [] {
            guard case .integer(let size) = item, size >= 0, size <= Int64(WireLimits.frameBytesMax) else {
                throw refusal("has a shape that is no list of sizes")
            }
            shape.append(Int(size))
            let (product, overflow) = count.multipliedReportingOverflow(by: Int(size))
            guard !overflow else { throw refusal("has a shape that no frame can hold") }
            count = product
        }
        guard !shape.isEmpty, shape.count <= 3, element != .bytes || shape.count == 1 else {
            throw refusal("must have a shape of one to three sizes, and of one where the elements are bytes")
        }
        guard let offset = json["offset"]?.integerValue, offset >= 0, offset <= Int64(binaryByteCount) else {
            throw refusal("must have an offset within the \(binaryByteCount) bytes behind the control part")
        }
        let needed = element == .bytes ? 4 : element.byteCount
        let (bytes, overflow) = count.multipliedReportingOverflow(by: needed)
        guard !overflow, bytes <= binaryByteCount - Int(offset) else {
            throw refusal("reaches beyond the \(binaryByteCount) bytes behind the control part")
        }
        self.init(element, shape: shape, offset: Int(offset))
    }
}

/// The binary parts of a frame, ready to be read.
public struct WireParts: Sendable {
    /// The descriptors, in order.
    public let parts: [WirePart]
    private let binary: [UInt8]

    /// No parts.
    public init() { (parts, binary) = ([], []) }

    /// Reads the descriptors of a control part.
    /// - Throws: `invalidArgument` for one that is malformed or reaches beyond `binary`.
    public init(of body: JSON, binary: [UInt8]) throws(VexFSError) {
        var parts: [WirePart] = []
        switch body["parts"] {
        case nil, .null?: break
        case .array(let items)?:
            guard items.count <= WireLimits.partsMax else {
                throw VexFSError(.invalidArgument, "a frame has at the most \(WireLimits.partsMax) parts")
            }
            for (place, item) in items.enumerated() {
                parts.append(try WirePart(json: item, place: place, binaryByteCount: binary.count))
            }
        case let other?: throw VexFSError(.invalidArgument, "parts is \(other.kindName), and must be an array")
        }
        self.parts = parts
        self.binary = binary
    }

    /// The part that a value `{"part": number}` stands for; nil for any other value.
    /// - Throws: `invalidArgument` for the number of no part.
    public func part(_ value: JSON) throws(VexFSError) -> WirePart? {
        guard case .object(let members) = value, members.count == 1, members[0].key == "part" else { return nil }
        guard let number = members[0].value.integerValue, number >= 0, number < Int64(parts.count) else {
            throw VexFSError(.invalidArgument, "there is no such part; the frame has \(parts.count)")
        }
        return parts[Int(number)]
    }

    /// The numbers of a part as Float32, row-major. O(elements).
    /// - Throws: `invalidArgument` where the part holds no numbers of at the most 32 bits.
    public func floats(_ part: WirePart) throws(VexFSError) -> [Float] {
        let count = part.count
        return try binary.withUnsafeBufferPointer { (all) throws(VexFSError) -> [Float] in
            // The descriptor was checked: count elements lie behind the offset.
            let bytes = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: all[part.offset...]))
            switch part.element {
            case .float32:
                return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
                    UnsafeMutableRawBufferPointer(buffer).copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: bytes[..<(count * 4)]))
                    filled = count
                }
            case .float16:
                return (0..<count).map { place in
                    let bits = bytes.loadUnaligned(fromByteOffset: place * 2, as: UInt16.self)
                    return WireHalf.float(UInt16(littleEndian: bits))
                }
            case .int8: return bytes[..<count].map { Float(Int8(bitPattern: $0)) }
            case .uint8: return bytes[..<count].map { Float($0) }
            case .int64, .uint64, .bytes:
                throw VexFSError(
                    .invalidArgument,
                    "the part has the dtype \(part.element.rawValue), and vectors have f32, f16, i8 or u8")
            }
        }
    }

    /// The digits of the whole numbers of a part, row-major. O(elements).
    /// - Throws: `invalidArgument` where the part holds others.
    public func digits(_ part: WirePart) throws(VexFSError) -> [String] {
        guard part.element == .int64 || part.element == .uint64 else {
            throw VexFSError(.invalidArgument, "the part has the dtype \(part.element.rawValue), and not u64 or i64")
        }
        let isSigned = part.element == .int64
        return binary.withUnsafeBytes { all in
            (0..<part.count).map { place in
                let bits = UInt64(
                    littleEndian: all.loadUnaligned(fromByteOffset: part.offset + place * 8, as: UInt64.self))
                return isSigned ? String(Int64(bitPattern: bits)) : String(bits)
            }
        }
    }

    /// The byte strings of a part, nil for none. O(bytes).
    /// - Throws: `invalidArgument` where the part holds others, or where one reaches beyond the frame.
    public func strings(_ part: WirePart) throws(VexFSError) -> [[UInt8]?] {
        guard part.element == .bytes else {
            throw VexFSError(.invalidArgument, "the part has the dtype \(part.element.rawValue), and not bytes")
        }
        guard part.shape[0] <= WireLimits.pointsMax else {
            throw VexFSError(
                .invalidArgument, "the part has \(part.shape[0]) byte strings; \(WireLimits.pointsMax) are the most")
        }
        return try binary.withUnsafeBufferPointer { (buffer) throws(VexFSError) -> [[UInt8]?] in
            let all = UnsafeRawBufferPointer(buffer)
            var strings: [[UInt8]?] = []
            strings.reserveCapacity(part.shape[0])
            var offset = part.offset
            for place in 0..<part.shape[0] {
                guard offset + 4 <= all.count else { throw Self.cut(place) }
                let length = UInt32(littleEndian: all.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                offset += 4
                guard length != .max else {
                    strings.append(nil)
                    continue
                }
                guard Int(length) <= all.count - offset else { throw Self.cut(place) }
                strings.append([UInt8](all[offset..<offset + Int(length)]))
                offset += Int(length)
            }
            return strings
        }
    }

    private static func cut(_ place: Int) -> VexFSError {
        VexFSError(.invalidArgument, "element \(place) of the part reaches beyond the end of the frame")
    }
}

/// Collects binary parts for a frame.
public struct WirePartsBuilder: Sendable {
    /// The descriptors so far.
    public private(set) var parts: [WirePart] = []
    /// The bytes so far.
    public private(set) var binary: [UInt8] = []

    /// No parts yet.
    public init() {}

    /// The value that stands for the part added last.
    private var reference: JSON { .object([.init("part", .integer(Int64(parts.count - 1)))]) }

    /// `"parts"` of the control part.
    public var json: JSON { .array(parts.map(\.json)) }

    /// Adds `[shape] Float32`, row-major, and returns the value that stands for it.
    public mutating func add(_ floats: [Float], shape: [Int]) -> JSON {
        begin(.float32, shape: shape)
        floats.withUnsafeBytes { binary.append(contentsOf: $0) }
        return reference
    }

    /// Adds byte strings, nil for none, and returns the value that stands for them.
    public mutating func add(_ strings: [[UInt8]?]) -> JSON {
        begin(.bytes, shape: [strings.count])
        for string in strings {
            withUnsafeBytes(of: (string.map { UInt32($0.count) } ?? .max).littleEndian) {
                binary.append(contentsOf: $0)
            }
            if let string { binary.append(contentsOf: string) }
        }
        return reference
    }

    private mutating func begin(_ element: WirePart.Element, shape: [Int]) {
        // Aligned, so that a reader may look at the numbers where they lie.
        while binary.count % 8 != 0 { binary.append(0) }
        parts.append(WirePart(element, shape: shape, offset: binary.count))
    }
}
