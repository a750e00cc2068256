extension RegularExpression {
    /// Letters, marks, digits, connectors and joiners, as UTS #18, Annex C, has `\w`.
    private static let word = #"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200C}\x{200D}"#
    /// All that is white space.
    private static let space = #"\t-\r \x{85}\p{Z}"#
    private static let digit = #"\p{Nd}"#

    /// Compiles a pattern whose `\d`, `\s` and `\w` mean those of all scripts, as engines have it that know Unicode; in
    /// RE2 they are ASCII.
    ///
    /// A `\w` of all scripts takes most of the instructions that a pattern may have: where they do not fit, the classes
    /// stay what they are, `\w` first. `\W` and `\S` in brackets, and `\b`, are always ASCII.
    /// - Throws: what ``init(_:)`` throws for the pattern as it is.
    public static func withUnicodeClasses(_ pattern: String) throws(VexFSError) -> RegularExpression {
        let plain = try RegularExpression(pattern)
        for withWords in [true, false] {
            let wide = widened(pattern, withWords: withWords)
            if wide != pattern, let expression = try? RegularExpression(wide) { return expression }
        }
        return plain
    }

    /// The pattern with its classes written out.
    static func widened(_ pattern: String, withWords: Bool) -> String {
        var out = ""
        var rest = pattern.unicodeScalars[...]
        var isInBrackets = false
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\\":
                guard let escaped = rest.popFirst() else {
                    out.append("\\")
                    continue
                }
                if escaped == "Q" {
                    out.append("\\Q")
                    copyQuoted(&rest, to: &out)
                } else {
                    out += replacement(for: escaped, isInBrackets, withWords) ?? "\\\(escaped)"
                }
            case "[" where isInBrackets && rest.first == ":":
                out.append("[")
                while let inner = rest.popFirst() {
                    out.unicodeScalars.append(inner)
                    if inner == "]" { break }
                }
            case "[" where !isInBrackets:
                isInBrackets = true
                out.append("[")
                if rest.first == "^" { rest.popFirst().map { out.unicodeScalars.append($0) } }
                // What closes nothing yet is a character.
                if rest.first == "]" { rest.popFirst().map { out.unicodeScalars.append($0) } }
            case "]":
                isInBrackets = false
                out.append("]")
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// Copies what `\Q` says is no pattern, with the `\E` at its end.
    private static func copyQuoted(_ rest: inout Substring.UnicodeScalarView, to out: inout String) {
        while let scalar = rest.popFirst() {
            out.unicodeScalars.append(scalar)
            guard scalar == "\\", rest.first == "E" else { continue }
            rest.removeFirst()
            return out.append("E")
        }
    }

    private static func replacement(
        for escaped: Unicode.Scalar, _ isInBrackets: Bool, _ withWords: Bool
    ) -> String? {
        switch escaped {
        case "d": digit
        case "D": #"\P{Nd}"#
        case "s": isInBrackets ? space : "[\(space)]"
        case "S" where !isInBrackets: "[^\(space)]"
        case "w" where withWords: isInBrackets ? word : "[\(word)]"
        case "W" where withWords && !isInBrackets: "[^\(word)]"
        default: nil
        }
    }
}
