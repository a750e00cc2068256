import Testing

@testable import VexFS

@Suite struct PayloadUUIDTests {
    @Test func spellings() throws {
        let canonical = "67e55044-10b1-426f-9247-bb680e5fe0c8"
        let uuid = try #require(PayloadUUID(canonical))
        #expect(uuid.description == canonical)
        #expect(uuid.high == 0x67E5_5044_10B1_426F && uuid.low == 0x9247_BB68_0E5F_E0C8)
        for text in [
            "67E55044-10B1-426F-9247-BB680E5FE0C8", "67e5504410b1426f9247bb680e5fe0c8", "urn:uuid:" + canonical,
            "URN:UUID:" + canonical.uppercased(),
        ] { #expect(PayloadUUID(text) == uuid, "\(text)") }
        let next = try #require(PayloadUUID("67e55044-10b1-426f-9247-bb680e5fe0c9"))
        #expect(uuid < next && !(next < uuid))
    }

    @Test(arguments: [
        "", "67e55044", "67e55044-10b1-426f-9247-bb680e5fe0c", "67e55044-10b1-426f-9247-bb680e5fe0c8a",
        "g7e55044-10b1-426f-9247-bb680e5fe0c8", "67e550441-0b1-426f-9247-bb680e5fe0c8",
        "67e55044 10b1 426f 9247 bb680e5fe0c8",
        "urn:uuix:67e55044-10b1-426f-9247-bb680e5fe0c8", "67e5504410b1426f9247bb680e5fe0é",
    ]) func refused(text: String) {
        #expect(PayloadUUID(text) == nil)
    }
}
