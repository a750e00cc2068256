import Glibc
import Testing

@testable import VexFUSE

@Suite struct CallerSystemCallTests {
    @Test func theNumberIsReadFromTheKernelsLine() {
        #expect(CallerSystemCall.number(in: Array("83 0x7ffe 0x1ff".utf8)[...]) == 83)
        #expect(CallerSystemCall.number(in: Array("running\n".utf8)[...]) == nil)
        #expect(CallerSystemCall.number(in: Array("-1 0x0".utf8)[...]) == nil)
        #expect(CallerSystemCall.number(in: [][...]) == nil)
        #expect(CallerSystemCall.number(in: Array("99999999999999999999".utf8)[...]) == nil)
    }

    @Test func whatMakesNamesIsKnownAndWhatReadsIsNot() {
        #if arch(x86_64)
            #expect(CallerSystemCall.creating.isSuperset(of: [83, 258]))
            #expect(CallerSystemCall.creating.isDisjoint(with: [2, 257, 4, 262, 332]))
        #endif
        #expect(!CallerSystemCall.isCreating(0))
        #expect(!CallerSystemCall.isCreating(getpid()))
    }
}
