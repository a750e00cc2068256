import Testing

@testable import VexFS

@Suite struct TrashSettingsTests {
    @Test func settingsAreReadAndShown() throws {
        var settings = TrashSettings()
        #expect(settings.isOn && settings.seconds == 604_800 && settings.documents == 1000)
        try settings.merge(.object([.init("seconds", .integer(60)), .init("bytes", .integer(5))]))
        #expect(settings.oldest(at: 100_000_000_000) == 40_000_000_000)
        var copy = TrashSettings()
        try copy.merge(settings.json)
        #expect(copy == settings)
        try settings.merge(.object([.init("documents", .integer(0))]))
        #expect(!settings.isOn && settings.oldest(at: 1) == .max)
    }

    @Test(arguments: ["5", "{\"hours\":1}", "{\"seconds\":-1}", "{\"documents\":\"all\"}", "{\"bytes\":1.5}"])
    func nonsenseIsRefused(text: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        var settings = TrashSettings()
        #expect(throws: VexFSError.self) { try settings.merge(json) }
        #expect(settings == TrashSettings())
    }
}
