import Testing

@testable import VexFS

@Suite struct GeoPointTests {
    @Test func onlyPlacesOnTheEarth() {
        #expect(GeoPoint(longitude: 180, latitude: -90) != nil)
        for (x, y) in [(180.1, 0.0), (0, 90.1), (.nan, 0), (0, .infinity)] {
            #expect(GeoPoint(longitude: x, latitude: y) == nil)
        }
        #expect(GeoPoint(longitude: -0.0, latitude: 0) == GeoPoint(longitude: 0, latitude: -0.0))
    }

    @Test func readFromMetadata() throws {
        func points(_ text: String) throws -> [GeoPoint] { GeoPoint.points(of: try JSON.parse(Array(text.utf8))) }
        let berlin = try #require(GeoPoint(longitude: 13.4, latitude: 52.5))
        #expect(try points(#"{"lon":13.4,"lat":52.5}"#) == [berlin])
        #expect(try points(#"[{"lon":13.4,"lat":52.5},5,{"lat":1},{"lon":0,"lat":99}]"#) == [berlin])
        for text in ["{}", "5", #""13.4,52.5""#, "[13.4,52.5]", #"{"lon":"13.4","lat":52.5}"#] {
            #expect(try points(text).isEmpty)
        }
    }

    /// A degree of the equator, a quarter of a great circle, and Berlin to Munich by the same formula elsewhere.
    @Test func distances() throws {
        func metres(_ a: (Double, Double), _ b: (Double, Double)) throws -> Double {
            try #require(GeoPoint(longitude: a.0, latitude: a.1)).distance(
                to: try #require(GeoPoint(longitude: b.0, latitude: b.1)))
        }
        #expect(try abs(metres((0, 0), (1, 0)) - 111_195.08) < 0.1)
        #expect(try abs(metres((0, 0), (0, 90)) - 10_007_557.2) < 1)
        #expect(try abs(metres((179.5, 0), (-179.5, 0)) - 111_195.08) < 0.1)
        #expect(try metres((13.4, 52.5), (13.4, 52.5)) == 0)
        #expect(try abs(metres((0, 90), (120, -90)) - 20_015_114.4) < 1)
    }

    @Test func pointsOfACellAreARangeOfTheCurve() throws {
        let seed: UInt64 = 0x6E0
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let point = try #require(
                GeoPoint(
                    longitude: [-180, 180, .random(in: -180...180, using: &generator)].randomElement(using: &generator)
                        ?? 0,
                    latitude: [-90, 90, 0, .random(in: -90...90, using: &generator)].randomElement(using: &generator)
                        ?? 0))
            var cell = GeoCell.whole
            while cell.depth < GeoCell.maximumDepth {
                let within = cell.quarters.filter { $0.curve.contains(point.curve) }
                #expect(within.count == 1, "seed \(seed)")
                cell = try #require(within.first)
                #expect(cell.west <= point.longitude && point.longitude <= cell.east, "seed \(seed) \(point)")
                #expect(cell.south <= point.latitude && point.latitude <= cell.north, "seed \(seed) \(point)")
            }
        }
    }
}
