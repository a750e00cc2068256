import Testing
import VexFS

@testable import VexFUSE

@Suite struct LastErrorsTests {
    private func lines(_ errors: LastErrors, _ user: UInt32) -> [String] {
        String(decoding: errors.text(for: user), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func aUserSeesOnlyOwnErrorsNewestFirst() {
        let errors = LastErrors()
        let me = Caller(user: 1000, group: 1, process: 42)
        errors.record(VexFSError(.malformedDocument, "first"), at: "c/a.json", by: me)
        errors.record(VexFSError(.storeFull, "second"), at: "c/b.json", by: me)
        errors.record(VexFSError(.storeFull, "not mine"), at: "c", by: Caller(user: 7, group: 1, process: 1))
        let shown = lines(errors, 1000)
        #expect(shown.count == 2)
        #expect(shown[0].hasSuffix("pid 42 ENOSPC c/b.json: second"))
        #expect(shown[1].hasSuffix("pid 42 EINVAL c/a.json: first"))
        #expect(lines(errors, 0).isEmpty)
    }

    @Test func theSameRefusalAtWriteAndCloseIsOneLine() {
        let errors = LastErrors()
        let me = Caller(user: 1, group: 1, process: 2)
        for _ in 0..<3 { errors.record(VexFSError(.malformedDocument, "wrong"), at: "p", by: me) }
        #expect(lines(errors, 1).count == 1)
    }

    @Test func memoryIsBounded() {
        let errors = LastErrors()
        for number in 0..<100 {
            errors.record(VexFSError(.busy, "\(number)"), at: "p", by: Caller(user: 5, group: 1, process: 1))
        }
        #expect(lines(errors, 5).count == LastErrors.linesPerUserMax)
        for user in 0..<UInt32(LastErrors.usersMax + 10) {
            errors.record(VexFSError(.busy, "x"), at: "p", by: Caller(user: 100 + user, group: 1, process: 1))
        }
        #expect(lines(errors, 5).isEmpty)
        #expect(lines(errors, 100 + UInt32(LastErrors.usersMax) + 9).count == 1)
    }

    @Test func quotedLineEndsCannotForgeALine() {
        let errors = LastErrors()
        errors.record(VexFSError(.invalidQuery, "a\nb"), at: "p", by: Caller(user: 1, group: 1, process: 1))
        #expect(lines(errors, 1).count == 1)
    }
}
