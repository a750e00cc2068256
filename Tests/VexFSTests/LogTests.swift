import Glibc
import Testing

@testable import VexFS

@Suite struct LogTests {
    /// Runs `body` with a log on a pipe and returns what was written.
    private func captured(level: Log.Level, format: Log.Format, _ body: (Log) -> Void) -> String {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        body(Log(descriptor: ends[1], level: level, format: format))
        close(ends[1])
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(ends[0], &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        close(ends[0])
        return String(decoding: text, as: UTF8.self)
    }

    @Test func aTextLineHoldsTimeLevelMessageAndFields() {
        let line = captured(level: .info, format: .text) { $0.info("mounted", [("store", "/a b"), ("pid", "7")]) }
        #expect(line.hasSuffix("Z info  mounted store=\"/a b\" pid=7\n"))
        #expect(line.utf8.count == "2026-01-31T12:00:00.123Z info  mounted store=\"/a b\" pid=7\n".utf8.count)
    }

    @Test func aLineCannotBeForgedByWhatItQuotes() {
        let line = captured(level: .info, format: .text) { $0.error("bad\nname", [("name", "x\ny\u{1}")]) }
        #expect(line.split(separator: "\n").count == 1)
        #expect(line.contains(#"bad\nname name="x\ny\u0001""#))
    }

    @Test func aJSONLineEscapesQuotesAndControlCharacters() {
        let line = captured(level: .debug, format: .json) { $0.debug("say \"hi\"\\", [("k", "a\tb")]) }
        #expect(line.hasSuffix(#""level":"debug","message":"say \"hi\"\\","k":"a\tb"}"# + "\n"))
        #expect(line.hasPrefix(#"{"time":"2"#))
    }

    @Test func aLevelThatIsOffWritesNothingAndComputesNothing() {
        var computed = 0
        func message() -> String {
            computed += 1
            return "x"
        }
        let text = captured(level: .warn, format: .text) { log in
            log.info(message())
            log.debug(message())
            log.warn(message())
            log.level = .error
            log.warn(message())
        }
        #expect(computed == 1)
        #expect(text.split(separator: "\n").count == 1)
    }

    @Test func everyLevelHasAWordThatReadsBack() {
        for level in Log.Level.allCases { #expect(Log.Level(word: level.word) == level) }
        #expect(Log.Level(word: "loud") == nil)
    }

    @Test func aFileThatCannotBeOpenedIsAnErrorNamingIt() {
        #expect {
            try Log().open(file: "/nonexistent/vexfs.log")
        } throws: { ($0 as? VexFSError)?.location == "/nonexistent/vexfs.log" }
    }
}
