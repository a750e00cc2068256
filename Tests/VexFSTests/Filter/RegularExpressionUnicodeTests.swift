import Testing

@testable import VexFS

@Suite struct RegularExpressionUnicodeTests {
    @Test(arguments: [
        (#"^\w+é$"#, "caf\u{E9}\u{E9}", true), (#"caf\w$"#, "café", true), (#"^\d\d$"#, "１٣", true),
        (#"a\sb"#, "a\u{3000}b", true), (#"a\Sb"#, "a\u{3000}b", false), (#"^\W$"#, "é", false),
        (#"^\D$"#, "٣", false), (#"^[\d-]+$"#, "１-２", true), (#"^[^\s\d]$"#, "\u{A0}", false),
        (#"^[]\d]+$"#, "]１", true), (#"^[[:alpha:]\d]+$"#, "a１", true), (#"^\Q\d\E$"#, #"\d"#, true),
        (#"^\\d$"#, #"\d"#, true), (#"^\\d$"#, #"\1"#, false), (#"^\w+ \w+ \w+$"#, "one two three", true),
    ]) func classesKnowAllScripts(_ pattern: String, _ text: String, _ isMatch: Bool) throws {
        #expect(try RegularExpression.withUnicodeClasses(pattern).matches(ByteString(text)) == isMatch)
    }

    @Test(arguments: ["abc", #"\bx\b"#, #"[\W\S]"#, #"\p{L}"#, #"\Q\w"#])
    func whatHasNoSuchClassStaysAsItIs(_ pattern: String) throws {
        #expect(try RegularExpression.withUnicodeClasses(pattern).pattern == pattern)
    }

    /// Three classes of all scripts are more than a pattern may have: the words are ASCII then, the digits are not.
    @Test func whatDoesNotFitStaysWhatItWas() throws {
        let expression = try RegularExpression.withUnicodeClasses(#"^\w+ \w+ \w+ \d$"#)
        #expect(expression.matches("one two three ٣"))
        #expect(!expression.matches("één twee drie ٣"))
    }

    @Test(arguments: ["(", #"\"#, "(?=a)", "x{2001}"])
    func whatIsNoPatternIsRefused(_ pattern: String) {
        #expect(throws: VexFSError.self) { try RegularExpression.withUnicodeClasses(pattern) }
    }
}
