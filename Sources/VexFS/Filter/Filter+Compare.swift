import CVexKernels

extension Filter.Value {
    /// The scalar of a JSON value, numbers in one form each (3.0 is 3), or nil for null, arrays, objects and NaN.
    init?(json: JSON) {
        switch json {
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value):
            guard !value.isNaN else { return nil }
            self = .number(value)
        case .string(let text): self = .string(ByteString(text))
        case .null, .array, .object: return nil
        }
        self = canonical
    }

    /// The value as JSON.
    var json: JSON {
        switch self {
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let text): .string(text.string)
        }
    }

    /// The same value with integral numbers as integers, so that equal values are identical.
    var canonical: Filter.Value {
        if case .number(let number) = self, let integer = Int64(exactly: number) { return .integer(integer) }
        return self
    }

    /// Whether the value is a number.
    var isNumber: Bool {
        switch self {
        case .integer, .number: true
        case .bool, .string: false
        }
    }

    /// Whether both are numbers, strings or truth values.
    func isSameKind(as other: Filter.Value) -> Bool {
        switch (self, other) {
        case (.bool, .bool), (.string, .string): true
        default: isNumber && other.isNumber
        }
    }

    /// Whether the value is a string.
    var isString: Bool { if case .string = self { true } else { false } }

    /// Whether `self` sorts before `other`: numbers exactly by size, strings by bytes; nil for different kinds and NaN.
    func isLess(than other: Filter.Value) -> Bool? {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): left < right
        case (.number(let left), .number(let right)): left.isNaN || right.isNaN ? nil : left < right
        case (.integer(let left), .number(let right)): Self.compare(left, right).map { $0 < 0 }
        case (.number(let left), .integer(let right)): Self.compare(right, left).map { $0 > 0 }
        case (.string(let left), .string(let right)): left < right
        default: nil
        }
    }

    /// The sign of `integer - number`, exact over the whole range of both; nil for NaN.
    private static func compare(_ integer: Int64, _ number: Double) -> Int? {
        if number.isNaN { return nil }
        if number >= 0x1p63 { return -1 }
        if number < -0x1p63 { return 1 }
        // Within the range the part before the point is an exact Int64.
        let whole = Int64(number)
        if integer != whole { return integer < whole ? -1 : 1 }
        let fraction = number - number.rounded(.towardZero)
        return fraction == 0 ? 0 : (fraction > 0 ? -1 : 1)
    }

    /// The value as a name or a line shows it: strings as they are, numbers in their shortest form.
    public var text: ByteString {
        switch self {
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return ByteString(String(value))
        case .string(let text): return text
        case .number(let value):
            var bytes: [UInt8] = []
            JSON.write(number: value, to: &bytes)
            return ByteString(String(decoding: bytes, as: UTF8.self))
        }
    }
}

extension Filter.Range {
    /// The bounds that there are.
    var bounds: [Filter.Value] { [greater, atLeast, less, atMost].compactMap { $0 } }

    /// Whether a value is within all bounds; a value of another kind than a bound never is, and only a number is in a
    /// range without bounds.
    func contains(_ value: Filter.Value) -> Bool {
        !isBelow(value) && !isAbove(value) && (value.isNumber || !bounds.isEmpty)
    }

    /// Whether a value lies before the range, or does not compare with its beginning.
    func isBelow(_ value: Filter.Value) -> Bool {
        if let greater, greater.isLess(than: value) != true { return true }
        if let atLeast, value.isLess(than: atLeast) != false { return true }
        return false
    }

    /// Whether a value lies behind the range, or does not compare with its end.
    func isAbove(_ value: Filter.Value) -> Bool {
        if let less, value.isLess(than: less) != true { return true }
        if let atMost, atMost.isLess(than: value) != false { return true }
        return false
    }
}

extension Filter.TimeRange {
    /// Whether a time lies before the range.
    func isBelow(_ time: PayloadTime) -> Bool {
        greater.map { time <= $0 } ?? false || atLeast.map { time < $0 } ?? false
    }

    /// Whether a time lies behind the range.
    func isAbove(_ time: PayloadTime) -> Bool { less.map { time >= $0 } ?? false || atMost.map { time > $0 } ?? false }

    /// Whether a time is within all bounds.
    func contains(_ time: PayloadTime) -> Bool { !isBelow(time) && !isAbove(time) }
}

/// The words of a text condition: a text matches when it contains each of them, without regard to case.
struct FilterWords {
    /// The words, in lower case.
    let words: [[UInt8]]

    init(_ text: String) { words = Self.split(text) }

    /// The words of a text in lower case, as whitespace parts them.
    static func split(_ text: String) -> [[UInt8]] {
        text.lowercased().unicodeScalars.split(whereSeparator: \.properties.isWhitespace)
            .map { Array(String(String.UnicodeScalarView($0)).utf8) }
    }

    /// Whether there is no word at all.
    var isEmpty: Bool { words.isEmpty }

    func match(_ text: ByteString) -> Bool {
        let haystack = ByteString(text.string.lowercased())
        return words.allSatisfy { word in haystack.contains(word) }
    }
}

extension ByteString {
    /// Whether the bytes of another string stand somewhere in this one.
    func contains(_ part: ByteString) -> Bool { withBytes { bytes in part.withBytes { bytes.contains($0) } } }

    /// Whether these bytes stand somewhere in the string.
    func contains(_ part: [UInt8]) -> Bool { withBytes { bytes in part.withUnsafeBytes { bytes.contains($0) } } }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes stand one behind the other somewhere in the buffer.
    func contains(_ part: UnsafeRawBufferPointer) -> Bool {
        vexfs_bytes_contain(
            baseAddress?.assumingMemoryBound(to: UInt8.self), count,
            part.baseAddress?.assumingMemoryBound(to: UInt8.self), part.count)
    }
}
