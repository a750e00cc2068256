/// Where in a payload a value stands: `address.city`, `stays[0].to`, `stays[].to`, `"a.b".c`.
///
/// The grammar is Qdrant's: a key, then any number of `.key`, `[n]` and `[]`; keys that hold other characters than
/// letters, digits, `_`, `-` and spaces stand in double quotes (https://qdrant.tech/documentation/concepts/payload/).
public struct PayloadPath: Sendable, Hashable {
    /// One step from a value to those in it.
    public enum Step: Sendable, Hashable {
        /// A member of an object.
        case key(String)
        /// One element of an array, from 0.
        case index(Int)
        /// Every element of an array.
        case each
    }

    /// The steps from the payload, at least one; the first is a key.
    public let steps: [Step]

    /// A path to one member of the payload.
    public init(key: String) { steps = [.key(key)] }

    /// Reads a path.
    /// - Throws: `invalidArgument` for text that is no path.
    public init(_ text: String) throws(VexFSError) {
        var reader = Reader(rest: text.unicodeScalars[...])
        var found: [Step] = []
        if let key = reader.key() {
            found.append(.key(key))
            while let step = reader.step() { found.append(step) }
        }
        guard reader.rest.isEmpty, !found.isEmpty else {
            throw VexFSError(
                .invalidArgument,
                "\"\(text)\" is no path of a payload; write it as key.key[0].key[].key, and a key with other "
                    + "characters than letters, digits, _, - and spaces in double quotes")
        }
        steps = found
    }

    private struct Reader {
        var rest: Substring.UnicodeScalarView

        /// The next key, quoted or not; nil, and nothing is read, where there is none.
        mutating func key() -> String? {
            if rest.first == "\"" {
                let inside = rest.dropFirst()
                guard let end = inside.firstIndex(of: "\""), !inside[..<end].contains("\\") else { return nil }
                rest = inside[inside.index(after: end)...]
                return String(String.UnicodeScalarView(inside[..<end]))
            }
            let raw = rest.prefix { $0.properties.isAlphabetic || $0.isDigit || $0 == "_" || $0 == "-" || $0 == " " }
            guard !raw.isEmpty else { return nil }
            rest = rest[raw.endIndex...]
            return String(String.UnicodeScalarView(raw))
        }

        mutating func step() -> Step? {
            var ahead = self
            switch ahead.rest.popFirst() {
            case ".":
                guard let key = ahead.key() else { return nil }
                self = ahead
                return .key(key)
            case "[":
                let digits = ahead.rest.prefix { ("0"..."9").contains($0) }
                ahead.rest = ahead.rest[digits.endIndex...]
                guard ahead.rest.popFirst() == "]" else { return nil }
                if digits.isEmpty {
                    self = ahead
                    return .each
                }
                guard let index = Int(String(String.UnicodeScalarView(digits))) else { return nil }
                self = ahead
                return .index(index)
            default: return nil
            }
        }
    }
}

extension Unicode.Scalar {
    /// Whether this is a number of any script.
    fileprivate var isDigit: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }
}
