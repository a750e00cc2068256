import Testing
import VexFS

@testable import VexFUSE

@Suite struct NodeIDTests {
    @Test func aFileNumberAndItsCollectionComeBack() {
        for (collection, file) in [(1, 1), (7, 1 << 39), (0x7f_ffff, 1 << 40 - 1)] as [(UInt32, UInt64)] {
            let id = NodeID(collection: collection, file: file)
            #expect(id.collection == collection)
            #expect(id.file == file)
            #expect(!id.isVirtual)
            #expect(id != .root)
        }
    }

    @Test func virtualNumbersAreStableAndMarked() {
        let id = NodeID(hashing: "c1/1/query/x")
        #expect(id.isVirtual)
        #expect(id == NodeID(hashing: "c1/1/query/x"))
        #expect(id != NodeID(hashing: "c1/1/query/y"))
    }
}
