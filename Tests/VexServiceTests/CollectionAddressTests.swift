import TestSupport
import Testing
import VexFS
import VexService

@Suite struct CollectionAddressTests {
    @Test func directories() {
        #expect(CollectionAddress(name: "notes").directory == "notes")
        #expect(CollectionAddress(tenant: "acme", database: "prod", name: "notes").directory == "acme:prod:notes")
        #expect(CollectionAddress(database: "prod", name: "notes").directory == ":prod:notes")
        #expect(CollectionAddress(name: "a:b").directory == "a:b")
        #expect(CollectionAddress(name: "a:b:c").directory == "a%3Ab%3Ac")
        #expect(CollectionAddress(name: "query").directory == "%71uery")
        #expect(CollectionAddress(name: ".x/y%").directory == "%2Ex%2Fy%25")
        #expect(CollectionAddress(directory: ":prod:notes") == CollectionAddress(database: "prod", name: "notes"))
    }

    /// Every address comes back from its directory.
    @Test func thereAndBack() {
        var generator = SeededGenerator.announced(for: "collection addresses")
        let letters = ["a", "B", ":", "%", "/", ".", "é", "\u{1}", "2", "F", "query", "AGENTS.md"]
        func word() -> String {
            (0..<generator.pick(0..<6)).map { _ in letters[generator.pick(0..<letters.count)] }.joined()
        }
        for _ in 0..<3000 {
            let address = CollectionAddress(tenant: word(), database: word(), name: word() + "n")
            #expect(CollectionAddress(directory: address.directory) == address)
            let plain = CollectionAddress(name: word() + "n")
            #expect(CollectionAddress(directory: plain.directory) == plain)
        }
    }
}
