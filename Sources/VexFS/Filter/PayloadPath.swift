/// Where in a payload a condition looks: the steps from the payload to the values.
///
/// As text, keys stand with dots between, `[]` goes to every element of an array, `[1]` to one, and a key in double
/// quotes may hold any sign: `a.b`, `tags[]`, `parts[1].name`, `"a.b"`. A dotted text also finds keys that hold the
/// dots themselves, and finds them first; a text that holds brackets finds a key that is spelled like it first.
public struct PayloadPath: Sendable, Hashable {
    /// One step.
    enum Step: Sendable, Hashable {
        /// To the member of an object with this key.
        case key(ByteString)
        /// To a member of an object, or through several, as ``JSON/value(at:)`` does.
        case dotted(ByteString)
        /// To every element of an array; nowhere from anything else.
        case each
        /// To one element of an array.
        case index(Int)
        /// Stays, except at an array. Spelled `[!]`.
        case scalar
    }

    let steps: [Step]
    /// A key of the payload that is found before steps are taken, and how many of them it saves.
    let literal: Literal?

    struct Literal: Sendable, Hashable {
        let key: ByteString
        let steps: Int
    }

    init(steps: [Step], literal: Literal? = nil) {
        self.steps = steps
        self.literal = literal
    }

    /// Reads a path as it is written in VexFS; a text that is no path is a key.
    public init(_ text: String) {
        var scanner = PayloadPathScanner(text)
        guard let steps = scanner.steps(dotted: true) else {
            self.init(steps: [.key(ByteString(text))])
            return
        }
        let isPlain = steps.count == 1 || scanner.hasQuotes
        self.init(steps: steps, literal: isPlain ? nil : Literal(key: ByteString(text), steps: steps.count))
    }

    /// Reads a path as Qdrant has it: keys hold letters, digits, `_`, `-` and spaces unless they are quoted, and a dot
    /// always goes one object deeper.
    /// - Throws: `invalidFilter`.
    public init(qdrant text: String) throws(VexFSError) {
        var scanner = PayloadPathScanner(text)
        guard let steps = scanner.steps(dotted: false) else {
            throw VexFSError(
                .invalidFilter,
                #""\#(text)" is no key: write a.b, a[].b, a[0].b, or a."b c" for a key with other signs"#)
        }
        self.init(steps: steps)
    }

    /// The path to a member of the payload, whatever signs its key holds.
    public init(key: String) { self.init(steps: [.key(ByteString(key))]) }

    /// The same path with one step more.
    func appending(_ step: Step) -> PayloadPath {
        PayloadPath(steps: steps + [step], literal: literal)
    }

    /// The path that goes on with another one, which has no literal.
    func appending(_ path: PayloadPath) -> PayloadPath {
        PayloadPath(steps: steps + path.steps, literal: literal)
    }

    /// The values that the path leads to, in order; an array where the path ends is one value.
    public func values(in payload: JSON) -> [JSON] {
        if let literal, let value = payload[literal.key.string] {
            var found: [JSON] = []
            Self.collect(value, steps[literal.steps...], into: &found)
            return found
        }
        if steps.count == 1 {
            switch steps[0] {
            case .key(let key): return payload[key.string].map { [$0] } ?? []
            case .dotted(let path): return payload.value(at: path.string).map { [$0] } ?? []
            default: break
            }
        }
        var found: [JSON] = []
        Self.collect(payload, steps[...], into: &found)
        return found
    }

    private static func collect(_ json: JSON, _ steps: ArraySlice<Step>, into found: inout [JSON]) {
        guard let step = steps.first else {
            found.append(json)
            return
        }
        let rest = steps.dropFirst()
        switch step {
        case .key(let key): if let value = json[key.string] { collect(value, rest, into: &found) }
        case .dotted(let path): if let value = json.value(at: path.string) { collect(value, rest, into: &found) }
        case .each: for element in json.arrayValue ?? [] { collect(element, rest, into: &found) }
        case .index(let index):
            if let elements = json.arrayValue, index < elements.count { collect(elements[index], rest, into: &found) }
        case .scalar: if json.arrayValue == nil { collect(json, rest, into: &found) }
        }
    }
}

extension PayloadPath: ExpressibleByStringLiteral {
    /// Reads a literal as ``init(_:)`` does.
    public init(stringLiteral value: String) { self.init(value) }
}

extension PayloadPath: CustomStringConvertible {
    /// The path as ``init(_:)`` reads it again.
    public var description: String {
        if let literal { return literal.key.string + Self.description(of: steps[literal.steps...], isFirst: false) }
        if case .key(let key)? = steps.first, steps.count == 1, PayloadPath(key.string) == self { return key.string }
        return Self.description(of: steps[...], isFirst: true)
    }

    private static func description(of steps: ArraySlice<Step>, isFirst: Bool) -> String {
        var text = ""
        for step in steps {
            let dot = isFirst && text.isEmpty ? "" : "."
            switch step {
            case .key(let key): text += dot + PayloadPathScanner.quoted(key.string)
            case .dotted(let path): text += dot + path.string
            case .each: text += "[]"
            case .index(let index): text += "[\(index)]"
            case .scalar: text += "[!]"
            }
        }
        return text
    }
}

/// Walks over the bytes of a path.
private struct PayloadPathScanner {
    /// More steps than any payload is deep; each is a call within the one before.
    private static let maximumSteps = 256
    private let bytes: [UInt8]
    private var place = 0
    /// Whether a key was in quotes.
    private(set) var hasQuotes = false

    init(_ text: String) { bytes = Array(text.utf8) }

    /// A key in quotes, with a backslash before what would end it.
    static func quoted(_ key: String) -> String {
        var bytes = [UInt8(ascii: "\"")]
        for byte in key.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        return String(decoding: bytes + [UInt8(ascii: "\"")], as: UTF8.self)
    }

    /// The steps, or nil where the text is no path.
    /// - Parameter dotted: Whether keys with dots between stay together, and may hold any sign but brackets and quotes.
    mutating func steps(dotted: Bool) -> [PayloadPath.Step]? {
        var steps: [PayloadPath.Step] = []
        guard let first = key(dotted) else { return nil }
        steps.append(first)
        while place < bytes.count {
            guard steps.count < Self.maximumSteps else { return nil }
            if take("[") {
                guard let step = bracket(dotted) else { return nil }
                steps.append(step)
            } else {
                guard take("."), let step = key(dotted) else { return nil }
                steps.append(step)
            }
        }
        return steps
    }

    private mutating func key(_ dotted: Bool) -> PayloadPath.Step? {
        if take("\"") { return quotedKey() }
        let start = place
        while place < bytes.count, isRaw(bytes[place], dotted) { place += 1 }
        // A dot before a quoted key parts them.
        if dotted, place < bytes.count, bytes[place] == UInt8(ascii: "\""), place > start + 1,
            bytes[place - 1] == UInt8(ascii: ".")
        {
            place -= 1
        }
        guard place > start, let text = ByteString(validating: bytes[start..<place]) else { return nil }
        if dotted {
            return bytes[start..<place].contains(UInt8(ascii: ".")) ? .dotted(text) : .key(text)
        }
        return text.string.unicodeScalars.allSatisfy(Self.isRaw) ? .key(text) : nil
    }

    private func isRaw(_ byte: UInt8, _ dotted: Bool) -> Bool {
        byte != UInt8(ascii: "[") && byte != UInt8(ascii: "]") && byte != UInt8(ascii: "\"")
            && (dotted || byte != UInt8(ascii: "."))
    }

    private static func isRaw(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || scalar == "-" || scalar == " " || scalar.properties.isAlphabetic
            || scalar.properties.numericType != nil
    }

    private mutating func quotedKey() -> PayloadPath.Step? {
        hasQuotes = true
        var key: [UInt8] = []
        while place < bytes.count {
            if take("\"") { return ByteString(validating: key).map { .key($0) } }
            if take("\\"), place == bytes.count { return nil }
            key.append(bytes[place])
            place += 1
        }
        return nil
    }

    private mutating func bracket(_ dotted: Bool) -> PayloadPath.Step? {
        if take("]") { return .each }
        if dotted, take("!") { return take("]") ? .scalar : nil }
        let start = place
        while place < bytes.count, bytes[place] &- UInt8(ascii: "0") < 10 { place += 1 }
        guard let index = Int(String(decoding: bytes[start..<place], as: UTF8.self)), take("]") else { return nil }
        return .index(index)
    }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard place < bytes.count, bytes[place] == UInt8(ascii: sign) else { return false }
        place += 1
        return true
    }
}
