import Testing

@testable import VexFS

@Suite struct RegularExpressionTests {
    @Test(arguments: [
        ("^b.*d$", "banana bread", true), ("^b", "a\nb", false), ("(?m)^b", "a\nb", true), ("a.c", "a\nc", false),
        ("ü+", "grüüß", true), ("(?i)STRASSE", "Hauptstrasse", true), ("^.{2}$", "éü", true), ("", "", true),
        ("[^a]", "aaa", false), ("\\bfox\\b", "red fox.", true), ("\\bfox\\b", "foxes", false),
    ]) func matches(_ pattern: String, _ text: String, _ isMatch: Bool) throws {
        #expect(try RegularExpression(pattern).matches(ByteString(text)) == isMatch)
    }

    @Test(arguments: ["(", "[", "a{2,1}", "*", "(?<x", "\\", "(a)\\1", "(?=a)", "(((a{100}){100}){100})"])
    func refuses(_ pattern: String) {
        let error = #expect(throws: VexFSError.self) { try RegularExpression(pattern) }
        #expect(error?.code == .invalidFilter)
        #expect(error?.message.contains(pattern) == true, "\(error?.message ?? "")")
    }

    @Test func aPatternIsOnlySoLong() {
        #expect(throws: VexFSError.self) { try RegularExpression(String(repeating: "a", count: 4097)) }
    }

    /// A pattern that takes a backtracking engine exponential time.
    @Test func nothingBacktracks() throws {
        let text = ByteString(String(repeating: "a", count: 10_000))
        #expect(try !RegularExpression("(a*)*(a*)*(a*)*b").matches(text))
    }

    @Test func atomsAreNeeded() throws {
        let expression = try RegularExpression("(Hello|World).*foo[0-9]+")
        #expect(Set(expression.atoms) == Set(["hello", "world", "foo"].map { Array($0.utf8) }))
        #expect(!expression.mayMatch(holding: []))
        let all = (0..<Int32(expression.atoms.count)).map { $0 }
        #expect(expression.mayMatch(holding: all))
        #expect(try RegularExpression("a?b?").mayMatch(holding: []))
    }

    @Test func patternsAreComparedByTheirBytes() throws {
        #expect(try RegularExpression("é") != RegularExpression("e\u{301}"))
        #expect(try RegularExpression("a") == RegularExpression("a"))
    }

    /// Each byte of a text would cost hundreds of microseconds, as the states are too many to be remembered.
    @Test func whatIsLargeOnceItIsWrittenOutIsRefused() throws {
        let pattern = String(repeating: "[a-m ]{0,900}[b-z ]", count: 5) + "!"
        let error = #expect(throws: VexFSError.self) { try RegularExpression(pattern) }
        #expect(error?.code == .invalidFilter)
        #expect(error?.message.contains("\(RegularExpression.maximumSize) is the most") == true)
        for pattern in ["\\p{L}+\\s\\p{Lu}", "(?i)[a-zäöü]{0,100}!", "^\\d{4}-\\d{2}-\\d{2}T"] {
            #expect(throws: Never.self, "\(pattern)") { try RegularExpression(pattern) }
        }
    }
}
