import Glibc
import Testing

@testable import VexFUSE

@Suite struct CallerGroupsTests {
    @Test func theLineOfGroupsIsRead() {
        let status = Array("Name:\tcat\nGid:\t7\t7\t7\t7\nGroups:\t4 24 1000 \nNStgid:\t9\n".utf8)
        for group: UInt32 in [4, 24, 1000] { #expect(CallerGroups.contains(group, in: status)) }
        for group: UInt32 in [2, 7, 9, 100, 0] { #expect(!CallerGroups.contains(group, in: status)) }
        #expect(!CallerGroups.contains(4, in: Array("Groups:\t\n".utf8)))
        #expect(!CallerGroups.contains(4, in: []))
    }

    @Test func theKernelIsAsked() {
        var own = [gid_t](repeating: 0, count: 65_536)
        let count = getgroups(Int32(own.count), &own)
        for group in own[..<max(0, Int(count))] { #expect(CallerGroups.contains(group, of: getpid())) }
        #expect(!CallerGroups.contains(4_000_000_000, of: getpid()))
        #expect(!CallerGroups.contains(0, of: 0))
    }
}
