extension JSONScanner {
    /// Takes one byte; returns what is wrong with it, or nil.
    @inline(__always)
    mutating func step(_ byte: UInt8) -> String? {
        switch state {
        case .start, .value, .arrayStart, .objectStart, .key, .colon, .afterValue, .done, .deepArray, .deepObject:
            structure(byte)
        case .string, .escape, .hexDigits, .lowSurrogateBackslash, .lowSurrogateU, .continuation: text(byte)
        case .minus, .zero, .integer, .point, .fraction, .exponent, .exponentSign, .exponentDigits: number(byte)
        case .literal: word(byte)
        case .failed: "the text was already wrong"
        }
    }

    private mutating func structure(_ byte: UInt8) -> String? {
        if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { return nil }
        switch state {
        case .arrayStart where byte == UInt8(ascii: "]"), .objectStart where byte == UInt8(ascii: "}"):
            return close(byte)
        case .deepArray where byte == UInt8(ascii: "]"), .deepObject where byte == UInt8(ascii: "}"):
            state = .afterValue
            return nil
        case .deepArray, .deepObject: return "values are nested more than \(JSONTape.maximumDepth) levels deep"
        case .start, .value, .arrayStart: return beginValue(byte)
        case .objectStart, .key:
            guard byte == UInt8(ascii: "\"") else {
                if byte == UInt8(ascii: "}") { return "a comma before the end of an object" }
                return "\(Self.name(byte)) where a key in double quotes is expected"
            }
            isKey = true
            state = .string
        case .colon:
            guard byte == UInt8(ascii: ":") else { return "\(Self.name(byte)) where a colon is expected" }
            state = .value
        case .afterValue: return afterValue(byte)
        default: return "\(Self.name(byte)) after the end of the document"
        }
        return nil
    }

    private mutating func afterValue(_ byte: UInt8) -> String? {
        let isObject = levels & 1 == 1
        switch byte {
        case UInt8(ascii: ","):
            state = isObject ? .key : .value
            return nil
        case UInt8(ascii: "]") where !isObject, UInt8(ascii: "}") where isObject: return close(byte)
        default:
            let container = isObject ? "object" : "array"
            return "\(Self.name(byte)) where a comma or the end of the \(container) is expected"
        }
    }

    private mutating func close(_ byte: UInt8) -> String? {
        levels >>= 1
        depth -= 1
        state = depth == 0 ? .done : .afterValue
        return nil
    }

    private mutating func beginValue(_ byte: UInt8) -> String? {
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            let isObject = byte == UInt8(ascii: "{")
            guard isObject || mayBeAnyValue else { return "a document is a JSON object and begins with {" }
            guard depth < JSONTape.maximumDepth else {
                state = isObject ? .deepObject : .deepArray
                return nil
            }
            levels = levels << 1 | (isObject ? 1 : 0)
            depth += 1
            state = isObject ? .objectStart : .arrayStart
            return nil
        }
        if byte == 0xEF, state == .start { return "a byte order mark; save the file as UTF-8 without one" }
        guard mayBeAnyValue else { return "\(Self.name(byte)) where a document begins with {" }
        switch byte {
        case UInt8(ascii: "\""):
            isKey = false
            state = .string
        case UInt8(ascii: "-"): state = .minus
        case UInt8(ascii: "0"): state = .zero
        case UInt8(ascii: "1")...UInt8(ascii: "9"): state = .integer
        case UInt8(ascii: "t"): expect("rue")
        case UInt8(ascii: "f"): expect("alse")
        case UInt8(ascii: "n"): expect("ull")
        case UInt8(ascii: "]"): return "a comma before the end of an array"
        default: return "\(Self.name(byte)) where a value is expected"
        }
        return nil
    }

    // MARK: Literals and numbers

    private mutating func expect(_ rest: StaticString) {
        literal = 0
        for index in (0..<rest.utf8CodeUnitCount).reversed() { literal = literal << 8 | UInt64(rest.utf8Start[index]) }
        state = .literal
    }

    private mutating func word(_ byte: UInt8) -> String? {
        guard UInt8(truncatingIfNeeded: literal) == byte else { return "a misspelt true, false or null" }
        literal >>= 8
        if literal == 0 { endValue() }
        return nil
    }

    private mutating func endValue() { state = depth == 0 ? .done : .afterValue }

    private mutating func number(_ byte: UInt8) -> String? {
        let isDigit = byte &- UInt8(ascii: "0") < 10
        let isExponent = byte | 0x20 == UInt8(ascii: "e")
        switch state {
        case .minus where isDigit: state = byte == UInt8(ascii: "0") ? .zero : .integer
        case .zero where isDigit: return "a number with a leading zero"
        case .zero where byte == UInt8(ascii: "."), .integer where byte == UInt8(ascii: "."): state = .point
        case .zero where isExponent, .integer where isExponent, .fraction where isExponent: state = .exponent
        case .integer where isDigit, .fraction where isDigit, .exponentDigits where isDigit: break
        case .point where isDigit: state = .fraction
        case .exponent where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"): state = .exponentSign
        case .exponent where isDigit, .exponentSign where isDigit: state = .exponentDigits
        case .zero, .integer, .fraction, .exponentDigits:
            endValue()
            return structure(byte)
        default: return "\(Self.name(byte)) where a digit is expected"
        }
        return nil
    }

    // MARK: Strings

    private mutating func text(_ byte: UInt8) -> String? {
        switch state {
        case .string: return plain(byte)
        case .escape:
            switch byte {
            case UInt8(ascii: "u"):
                (missing, codeUnit) = (4, 0)
                state = .hexDigits
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                state = .string
            default: return "\(Self.name(byte)) after a backslash"
            }
        case .hexDigits: return hexDigit(byte)
        case .lowSurrogateBackslash, .lowSurrogateU:
            let expected = state == .lowSurrogateBackslash ? UInt8(ascii: "\\") : UInt8(ascii: "u")
            guard byte == expected else { return "half of a surrogate pair" }
            if state == .lowSurrogateU {
                (missing, codeUnit, awaitsLowSurrogate) = (4, 0, true)
                state = .hexDigits
            } else {
                state = .lowSurrogateU
            }
        default:
            guard lowest...highest ~= byte else { return "bytes that are not UTF-8" }
            (lowest, highest) = (0x80, 0xBF)
            missing -= 1
            if missing == 0 { state = .string }
        }
        return nil
    }

    private mutating func plain(_ byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "\""):
            if isKey { state = .colon } else { endValue() }
        case UInt8(ascii: "\\"): state = .escape
        case 0..<0x20: return "an unescaped control character (byte \(byte)) in a string"
        case 0x20..<0x80: break
        case 0xC2...0xDF: expectContinuation(1, 0x80, 0xBF)
        case 0xE0: expectContinuation(2, 0xA0, 0xBF)
        case 0xED: expectContinuation(2, 0x80, 0x9F)
        case 0xE1...0xEF: expectContinuation(2, 0x80, 0xBF)
        case 0xF0: expectContinuation(3, 0x90, 0xBF)
        case 0xF1...0xF3: expectContinuation(3, 0x80, 0xBF)
        case 0xF4: expectContinuation(3, 0x80, 0x8F)
        default: return "bytes that are not UTF-8"
        }
        return nil
    }

    private mutating func expectContinuation(_ count: Int, _ least: UInt8, _ most: UInt8) {
        (missing, lowest, highest) = (count, least, most)
        state = .continuation
    }

    private mutating func hexDigit(_ byte: UInt8) -> String? {
        let value: UInt32
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = UInt32(byte - UInt8(ascii: "A")) + 10
        default: return "\(Self.name(byte)) where four hexadecimal digits are expected"
        }
        codeUnit = codeUnit << 4 | value
        missing -= 1
        guard missing == 0 else { return nil }
        let isLow = 0xDC00...0xDFFF ~= codeUnit
        guard isLow == awaitsLowSurrogate else { return "half of a surrogate pair" }
        awaitsLowSurrogate = false
        state = 0xD800...0xDBFF ~= codeUnit ? .lowSurrogateBackslash : .string
        return nil
    }

    /// A byte as a person would call it.
    private static func name(_ byte: UInt8) -> String {
        switch byte {
        case 0x21..<0x7F: "'\(Character(Unicode.Scalar(byte)))'"
        case 0: "a NUL byte"
        default: "byte 0x\(String(byte, radix: 16, uppercase: true))"
        }
    }
}
