import Testing

@testable import VexFS

struct PointIdentifierTests {
    @Test func onlyTheOneSpellingIsANumberOrAUUID() {
        #expect(PointIdentifier("7") == .integer(7))
        #expect(PointIdentifier("18446744073709551615") == .integer(.max))
        for text: ByteString in ["07", "-1", "+7", "1.0", "18446744073709551616", ""] {
            #expect(PointIdentifier(text) == .name(text))
        }
        let uuid: ByteString = "0f0e0d0c-0b0a-0908-0706-050403020100"
        #expect(PointIdentifier(uuid).text == uuid && PointIdentifier(uuid) != .name(uuid))
        let upper: ByteString = "0F0E0D0C-0B0A-0908-0706-050403020100"
        #expect(PointIdentifier(upper) == .name(upper))
    }

    @Test func integersComeBeforeUUIDsBeforeNames() {
        let ids: [ByteString] = [
            "zebra", "10", "9", "ffffffff-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000001", "Apfel",
        ]
        #expect(
            ids.map { PointIdentifier($0) }.sorted().map(\.text) == [
                "9", "10", "00000000-0000-0000-0000-000000000001", "ffffffff-0000-0000-0000-000000000000", "Apfel",
                "zebra",
            ])
    }

    @Test func idsAreShownAsTheyAre() {
        #expect(PointIdentifier("7").json == .integer(7))
        #expect(PointIdentifier("x").json == .string("x"))
        #expect(PointIdentifier("18446744073709551615").json == .string("18446744073709551615"))
    }
}
