/// Judges a JSON text that arrives in pieces, so that a wrong document is refused while it is being written.
///
/// Accepts what the parser accepts, except that numbers may be beyond the range of a double. O(1) memory, about a
/// nanosecond a byte; a verdict does not depend on where the pieces were cut.
public struct JSONScanner: Sendable {
    /// What is known of the text so far.
    public enum Verdict: Sendable, Equatable {
        /// More bytes are needed.
        case incomplete
        /// The text is one whole value; only white space may follow.
        case complete
        /// No continuation can make this valid: the offset of the first wrong byte, and what is wrong with it.
        case invalid(offset: Int, reason: String)
    }

    enum State: UInt8 {
        case start, value, arrayStart, objectStart, key, colon, afterValue, done
        /// Inside an array or object that is one level too deep: it must be empty.
        case deepArray, deepObject
        case string, escape, hexDigits, lowSurrogateBackslash, lowSurrogateU, continuation
        case minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigits
        case literal, failed
    }

    var state = State.start
    /// One bit a level, the innermost lowest: 1 for an object, 0 for an array.
    var levels: UInt64 = 0
    var depth = 0
    /// Whether the string being read is a key.
    var isKey = false
    /// Hexadecimal digits or continuation bytes that are still missing, and what the digits say so far.
    var missing = 0
    var codeUnit: UInt32 = 0
    var awaitsLowSurrogate = false
    /// What the next continuation byte may be.
    var lowest: UInt8 = 0x80
    var highest: UInt8 = 0xBF
    /// The literal being read, its bytes packed with the next one lowest.
    var literal: UInt64 = 0
    private let objectOnly: Bool
    private var consumed = 0
    private var failure: (offset: Int, reason: String)?

    /// Creates a scanner for one document: the outermost value must be an object.
    public init() { objectOnly = true }

    package init(objectOnly: Bool) { self.objectOnly = objectOnly }

    /// A scanner that has seen one whole document of `count` bytes, which a parser accepted in its place.
    public init(afterDocumentOf count: Int) {
        objectOnly = true
        state = .done
        consumed = count
    }

    /// What is known so far.
    public var verdict: Verdict {
        if let failure { return .invalid(offset: failure.offset, reason: failure.reason) }
        return state == .done ? .complete : .incomplete
    }

    /// Reads the next bytes of the text.
    @discardableResult
    public mutating func feed(_ bytes: [UInt8]) -> Verdict {
        bytes.withUnsafeBytes { feed($0) }
    }

    /// Reads the next bytes of the text.
    @discardableResult
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        guard failure == nil else { return verdict }
        var index = 0
        while index < bytes.count {
            // Most bytes are inside strings and numbers: run over them without going through the states.
            switch state {
            case .string: index = Self.skipPlainText(bytes, from: index)
            case .value, .arrayStart:
                guard levels & 1 == 0, depth > 0 else { break }
                let next = Self.skipNumbers(bytes, from: index)
                if next > index { (state, index) = (.value, next) }
            case .integer, .fraction: index = Self.skipDigits(bytes, from: index)
            default: break
            }
            guard index < bytes.count else { break }
            if let reason = step(bytes[index]) {
                state = .failed
                failure = (consumed + index, reason)
                return verdict
            }
            index += 1
        }
        consumed += bytes.count
        return verdict
    }

    /// Ends the text: a number may be complete only now. Returns the last verdict, never `.incomplete`.
    package mutating func finish() -> Verdict {
        if depth == 0, failure == nil {
            switch state {
            case .zero, .integer, .fraction, .exponentDigits: state = .done
            default: break
            }
        }
        if verdict == .incomplete { failure = (consumed, unfinished) }
        return verdict
    }

    private var unfinished: String {
        switch state {
        case .start: "there is nothing but white space"
        case .string, .escape, .hexDigits, .lowSurrogateBackslash, .lowSurrogateU, .continuation:
            "the text ends inside a string"
        default: levels & 1 == 1 ? "the text ends inside an object" : "the text ends too early"
        }
    }

    private static func skipPlainText(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }

    private static func skipDigits(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index + 8 <= bytes.count {
            // Eight bytes at once: with the zero's bits off, digits are below 10, and adding 0x76 sets the high bit of
            // what is not. A carry can only spoil bytes behind the first that is no digit.
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let values = word ^ 0x3030_3030_3030_3030
            let others = (values &+ 0x7676_7676_7676_7676 | values) & 0x8080_8080_8080_8080
            if others != 0 { return index + (others.trailingZeroBitCount >> 3) }
            index += 8
        }
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        return index
    }

    /// Runs over the elements of an array of numbers: behind the last comma that follows a whole number.
    private static func skipNumbers(_ bytes: UnsafeRawBufferPointer, from first: Int) -> Int {
        var start = first
        while true {
            var index = start
            if index < bytes.count, bytes[index] == 0x20 { index += 1 }
            if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
            let digits = index
            index = skipDigits(bytes, from: index)
            // A leading zero stands alone.
            guard index > digits, index == digits + 1 || bytes[digits] != UInt8(ascii: "0") else { return start }
            if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
                let fraction = index + 1
                index = skipDigits(bytes, from: fraction)
                guard index > fraction else { return start }
            }
            if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
                index += 1
                if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                    index += 1
                }
                let exponent = index
                index = skipDigits(bytes, from: exponent)
                guard index > exponent else { return start }
            }
            guard index < bytes.count, bytes[index] == UInt8(ascii: ",") else { return start }
            start = index + 1
        }
    }

    /// Whether a value other than an object may stand where the scanner is.
    var mayBeAnyValue: Bool { depth > 0 || !objectOnly }
}
