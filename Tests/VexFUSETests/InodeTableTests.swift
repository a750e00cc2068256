import Testing
import VexFS

@testable import VexFUSE

@Suite struct InodeTableTests {
    private let node = NodeID(collection: 3, file: 9)

    @Test func pagesStayOnlyWhileTheVersionIsTheSame() {
        let table = InodeTable()
        table.looked(up: node, version: 1)
        #expect(!table.openedForReading(node, version: 1))
        #expect(table.openedForReading(node, version: 1))
        #expect(!table.openedForReading(node, version: 2))
        #expect(table.contentChanged(node))
        #expect(!table.contentChanged(node))
        #expect(!table.openedForReading(node, version: 2))
    }

    @Test func pagesThatAnOldHandleFilledAreDroppedAtTheNextOpen() {
        let table = InodeTable()
        table.looked(up: node, version: 1)
        #expect(!table.openedForReading(node, version: 1))
        #expect(table.contentChanged(node))
        table.refilled(node)
        #expect(table.contentChanged(node))
        table.refilled(node)
        #expect(!table.openedForReading(node, version: 2))
        table.refilled(node)
        #expect(table.openedForReading(node, version: 2))
    }

    @Test func onlyTheNamedFilesAreLookedAt() {
        let table = InodeTable()
        for file in 0..<100 { table.looked(up: NodeID(collection: 3, file: FileNumber(file)), version: 1) }
        var asked: [FileNumber] = []
        let outdated = table.outdated(collection: 3, among: [5, 7, 1000]) { file in
            asked.append(file)
            return file == 7 ? 2 : 1
        }
        #expect(outdated == [NodeID(collection: 3, file: 7)])
        #expect(asked == [5, 7])
    }

    @Test func anInodeIsForgottenWithItsLastLookup() {
        let table = InodeTable()
        table.looked(up: node, version: 1)
        table.looked(up: node, version: 1)
        table.forget(node, 1)
        #expect(table.count == 1)
        table.forget(node, 5)
        #expect(table.count == 0)
        table.forget(node, 1)
        #expect(table.count == 0)
    }

    @Test func outdatedInodesAreThoseShownAnotherVersion() {
        let table = InodeTable()
        let same = NodeID(collection: 3, file: 1)
        let gone = NodeID(collection: 3, file: 2)
        for (node, version) in [(node, 1), (same, 4), (gone, 1)] as [(NodeID, UInt64)] {
            table.looked(up: node, version: version)
        }
        table.looked(up: NodeID(collection: 4, file: 9), version: 1)
        let versions: [FileNumber: UInt64] = [9: 2, 1: 4]
        let outdated = Set(table.outdated(collection: 3) { versions[$0] })
        #expect(outdated == [node, gone])
        table.shown(node, version: 2)
        #expect(Set(table.outdated(collection: 3) { versions[$0] }) == [gone])
    }
}
