import CSimdjson
import Synchronization

/// A view of one parsed JSON text: simdjson's flat pre-order form, walked without a call per value.
///
/// Contract: the pointers are valid only inside the closure of ``JSONTape/withTape(of:_:)``; indices come from
/// ``root``, ``next(_:)`` or a container's walk. Every string was validated as UTF-8 by the parser.
public struct JSONTape {
    /// The deepest nesting of containers that is accepted; one empty container more is let through.
    public static let maximumDepth = 64

    @usableFromInline let words: UnsafePointer<UInt64>
    @usableFromInline let strings: UnsafePointer<UInt8>

    /// The kinds of values, by the character that simdjson marks them with.
    @frozen public enum Kind: UInt8 {
        case object = 0x7B
        case array = 0x5B
        case string = 0x22
        case integer = 0x6C
        case unsigned = 0x75
        case number = 0x64
        case yes = 0x74
        case no = 0x66
        case null = 0x6E
    }

    /// The index of the outermost value.
    @inlinable public var root: Int { 1 }

    /// The kind of the value at `index`.
    @inlinable public func kind(_ index: Int) -> Kind {
        // The tape holds no other marks where a value begins; null is the harmless reading of an impossible one.
        Kind(rawValue: UInt8(truncatingIfNeeded: words[index] >> 56)) ?? .null
    }

    /// The index behind the value at `index`.
    @inlinable public func next(_ index: Int) -> Int {
        switch kind(index) {
        case .object, .array: Int(words[index] & 0xFFFF_FFFF)
        case .integer, .unsigned, .number: index + 2
        default: index + 1
        }
    }

    /// The bytes of the string at `index`.
    @inlinable public func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let start = strings + Int(words[index] & 0x00FF_FFFF_FFFF_FFFF)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return UnsafeBufferPointer(start: start + 4, count: Int(count))
    }

    /// The string at `index`.
    public func string(_ index: Int) -> String { String(decoding: bytes(index), as: UTF8.self) }

    /// The number at `index` as a double, or nil where it is not a number.
    @inlinable @inline(__always)
    public func double(_ index: Int) -> Double? {
        switch kind(index) {
        case .number: Double(bitPattern: words[index + 1])
        case .integer: Double(Int64(bitPattern: words[index + 1]))
        case .unsigned: Double(words[index + 1])
        default: nil
        }
    }

    /// The bits of the number at `index`.
    @inlinable public func rawNumber(_ index: Int) -> UInt64 { words[index + 1] }

    /// The elements of the array at `index` where all are numbers within Float32's range; nil for any other array.
    public func floats(_ index: Int) -> [Float]? {
        let first = index + 1
        let count = (next(index) - 1 - first) / 2
        guard count > 0, first + 2 * count == next(index) - 1 else { return nil }
        var areNumbers = true
        let floats = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            for element in 0..<count {
                let bits = words[first + 2 * element + 1]
                let value: Float
                switch UInt8(truncatingIfNeeded: words[first + 2 * element] >> 56) {
                case Kind.number.rawValue: value = Float(Double(bitPattern: bits))
                case Kind.integer.rawValue: value = Float(Double(Int64(bitPattern: bits)))
                default: value = .nan
                }
                if !value.isFinite { areNumbers = false }
                buffer.initializeElement(at: element, to: value)
            }
            initialized = count
        }
        return areNumbers ? floats : nil
    }

    /// Calls `body` with the index of every element of the array at `index`.
    @inlinable public func forEachElement<E: Error>(of index: Int, _ body: (Int) throws(E) -> Void) throws(E) {
        let end = next(index) - 1
        var element = index + 1
        while element < end {
            try body(element)
            element = next(element)
        }
    }

    /// Calls `body` with the indices of every key and value of the object at `index`.
    @inlinable public func forEachMember<E: Error>(of index: Int, _ body: (_ key: Int, _ value: Int) throws(E) -> Void)
        throws(E)
    {
        let end = next(index) - 1
        var key = index + 1
        while key < end {
            try body(key, key + 1)
            key = next(key + 1)
        }
    }

    /// The value at `index` as a tree; a repeated key keeps its last value.
    public func value(_ index: Int) -> JSON {
        switch kind(index) {
        case .null: return .null
        case .yes: return .bool(true)
        case .no: return .bool(false)
        case .integer: return .integer(Int64(bitPattern: words[index + 1]))
        case .unsigned: return .number(Double(words[index + 1]))
        case .number: return .number(Double(bitPattern: words[index + 1]))
        case .string: return .string(string(index))
        case .array:
            var elements: [JSON] = []
            forEachElement(of: index) { elements.append(value($0)) }
            return .array(elements)
        case .object:
            var members = JSONMembers()
            forEachMember(of: index) { key, item in members.set(string(key), value(item)) }
            return .object(members.list)
        }
    }
}

extension JSONTape {
    private struct IdleParser: @unchecked Sendable {
        // Contract: a parser is in the pool or with exactly one thread.
        let pointer: OpaquePointer
    }

    /// Parsers that wait for work: making one costs page faults, keeping it warm is what makes small documents cheap.
    private static let idle = Mutex<[IdleParser]>([])
    private static let mostIdle = 16
    private static let largestIdleCapacity = 1 << 20

    /// Parses `bytes` and calls `body` with the result, which is valid only during the call.
    ///
    /// Returns nil where `bytes` is not one JSON text within the limits; ``JSONFault`` finds out why.
    public static func withTape<Result, E: Error>(
        of bytes: UnsafeBufferPointer<UInt8>, _ body: (JSONTape) throws(E) -> Result
    ) throws(E) -> Result? {
        guard let start = bytes.baseAddress, bytes.count < Int(UInt32.max) else { return nil }
        let taken = idle.withLock { $0.popLast() }
        guard let parser = taken?.pointer ?? vexfs_json_parser_create(maximumDepth) else { return nil }
        defer { giveBack(parser) }
        var parsed = vexfs_json_tape()
        guard vexfs_json_parse(parser, start, bytes.count, &parsed) == VEXFS_JSON_OK else { return nil }
        return try body(JSONTape(words: parsed.tape, strings: parsed.strings))
    }

    private static func giveBack(_ parser: OpaquePointer) {
        let returned = IdleParser(pointer: parser)
        let kept =
            vexfs_json_parser_capacity(parser) <= largestIdleCapacity
            && idle.withLock { idle in
                guard idle.count < mostIdle else { return false }
                idle.append(returned)
                return true
            }
        if !kept { vexfs_json_parser_destroy(parser) }
    }
}

/// Collects the members of an object: first come in order, last value wins.
package struct JSONMembers {
    package private(set) var list: [JSON.Member] = []
    private var positions: [ByteString: Int] = [:]
    package init() {}

    // Below this many keys, comparing them one by one is cheaper than hashing.
    private static let linearLimit = 24

    /// Sets the value of a key.
    package mutating func set(_ key: String, _ value: JSON) {
        if list.count < Self.linearLimit {
            if let found = list.firstIndex(where: { $0.key.utf8.elementsEqual(key.utf8) }) {
                list[found].value = value
            } else {
                list.append(JSON.Member(key, value))
            }
            return
        }
        if positions.isEmpty {
            for (index, member) in list.enumerated() { positions[ByteString(member.key)] = index }
        }
        if let found = positions[ByteString(key)] {
            list[found].value = value
        } else {
            positions[ByteString(key)] = list.count
            list.append(JSON.Member(key, value))
        }
    }
}
