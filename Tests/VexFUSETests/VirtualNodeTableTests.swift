import Testing
import VexFS

@testable import VexFUSE

@Suite struct VirtualNodeTableTests {
    private func link(_ key: String) -> VirtualLink {
        VirtualLink(key: key, target: ".", owner: VirtualOwner(), modified: 0, isStable: true)
    }

    @Test func aNodeLivesAsLongAsTheKernelKnowsIt() {
        let table = VirtualNodeTable()
        let id = table.looked(up: link("a"))
        #expect(table.looked(up: link("a")) == id)
        table.forget(id, 1)
        #expect(table.node(id)?.key == "a")
        table.forget(id, 1)
        #expect(table.node(id) == nil)
        #expect(table.count == 0)
    }

    @Test func theNewestObjectAnswers() {
        let table = VirtualNodeTable()
        let id = table.looked(up: link("a"))
        let newer = link("a")
        _ = table.looked(up: newer)
        #expect(table.node(id) === newer)
    }
}
