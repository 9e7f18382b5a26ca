//! Files that GDAL writes, pixel by pixel.

use std::path::Path;

use super::*;

/// Writes a file and what is in it for each way that GDAL has, and a line about it: name, values, bands.
const SCRIPT: &str = "
import sys, itertools, numpy, rasterio
from rasterio.transform import from_origin
folder = sys.argv[1]
H, W = 37, 53
random = numpy.random.default_rng(20221001)
cases = []

def write(name, data, expected, values='stated', bands='named', mask=None, after=None, driver='GTiff', **options):
    data = numpy.asarray(data)
    profile = dict(driver=driver, height=H, width=W, count=data.shape[0], dtype=data.dtype.name,
                   crs='EPSG:3575', transform=from_origin(-1e5, 2e5, 1000, 500)) | options
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(f'{folder}/{name}.tif', 'w', **profile) as file:
        file.write(data)
        if mask is not None:
            file.write_mask(mask)
        if after is not None:
            after(file)
    numpy.ascontiguousarray(numpy.moveaxis(numpy.asarray(expected, 'f4'), 0, 2)).tofile(f'{folder}/{name}.rgb')
    cases.append(f'{name} {values} {bands}')

rgb = numpy.stack([numpy.add.outer(numpy.arange(H) * 3, numpy.arange(W) * (c + 1)) % 256 for c in range(3)])
rgb = numpy.clip(rgb + random.integers(0, 30, rgb.shape), 1, 255).astype('u1')
grey = numpy.broadcast_to(rgb[:1], rgb.shape)
layouts = [dict(), dict(tiled=True, blockxsize=16, blockysize=32)]
packings = [dict()] + [dict(compress=c) for c in ['LZW', 'DEFLATE', 'PACKBITS', 'ZSTD']] \\
    + [dict(compress=c, predictor=2) for c in ['LZW', 'DEFLATE', 'ZSTD']]
n = 0
for layout, packing, interleave in itertools.product(layouts, packings, ['pixel', 'band']):
    for data, expected in [(rgb, rgb), (rgb[:1], grey)]:
        for deep in [False, True]:
            data_ = data.astype('u2') * 257 if deep else data
            write(f'plain{n}', data_, expected, interleave=interleave, **layout, **packing)
            n += 1
for option in [dict(BIGTIFF='YES'), dict(ENDIANNESS='BIG'), dict(photometric='RGB'), dict(blockysize=1)]:
    write(f'option{n}', rgb, rgb, **option)
    n += 1
write('big_endian_deep', rgb.astype('u2') * 257, rgb, ENDIANNESS='BIG', compress='LZW', predictor=2)
write('cog', rgb, rgb, driver='COG')
write('cog_grey', rgb[:1], grey, driver='COG', blocksize=128, compress='DEFLATE')
write('white_is_zero', rgb[:1], 255 - grey.astype(int), photometric='MINISWHITE')
bits = (rgb[:1] > 128).astype('u1')
write('bits', bits, numpy.broadcast_to(bits * 255, rgb.shape), nbits=1)
write('bits_packed', bits, numpy.broadcast_to(bits * 255, rgb.shape), nbits=1, compress='LZW')
colours = {i: (i, i // 2, 255 - i, 255) for i in range(256)}
palette = numpy.stack([rgb[0], rgb[0] // 2, 255 - rgb[0]])
write('palette', rgb[:1], palette, photometric='palette', after=lambda file: file.write_colormap(1, colours))

valid = numpy.add.outer(numpy.arange(H), numpy.arange(W)) > 30
masked = rgb * valid
write('mask', rgb, masked, mask=valid)
write('mask_packed', rgb, masked, mask=valid, compress='DEFLATE', tiled=True, blockxsize=16, blockysize=16)
write('alpha', numpy.concatenate([rgb, [valid * 255]]).astype('u1'), masked, photometric='RGB', alpha='YES')
write('grey_alpha', numpy.stack([rgb[0], valid * 255]).astype('u1'), masked[:1].repeat(3, 0), alpha='YES')
white = numpy.where(valid, rgb, 255).astype('u1')
write('missing', white, white * (white != 255).any(0), nodata=255)

co = (-25 + 22 * random.random((H, W))).astype('f4')
cross = (-34 + 28 * random.random((H, W))).astype('f4')
def code(level, low, high):
    return numpy.clip(numpy.floor(255 * (level.astype('f8') - low) / (high - low) + 0.5), 1, 255)
blue, red = code(co, -25, 0), code(cross, -35, -3)
one, two = numpy.stack([blue] * 3), numpy.stack([red, red, blue])
for layout, packing, interleave in itertools.product(
        layouts, [dict(), dict(compress='LZW'), dict(compress='DEFLATE', predictor=3), dict(compress='ZSTD', predictor=3),
                  dict(compress='LERC'), dict(compress='LERC_DEFLATE')], ['pixel', 'band']):
    for kind in ['f4', 'f8']:
        write(f'one{n}', co[None].astype(kind), one, 'decibels', interleave=interleave, **layout, **packing)
        write(f'two{n}', numpy.stack([co, cross]).astype(kind), two, 'decibels', 'co-cross',
              interleave=interleave, **layout, **packing)
        n += 1
def named(file):
    file.descriptions = ('Sigma0_VH_db', 'Sigma0_VV_db')
    file.units = ('dB', 'dB')
write('named', numpy.stack([cross, co]), two, after=named)
def scaled(file):
    file.scales, file.offsets, file.units = (0.125,), (-30.03,), ('dB',)
whole = random.integers(0, 200, (1, H, W)).astype('i2')
write('scaled', whole, numpy.broadcast_to(code(whole[0] / 8 - 30.03, -25, 0), rgb.shape), after=scaled)
hole = numpy.where(valid, co, -9999).astype('f4')
write('hole', hole[None], one * valid, 'decibels', nodata=-9999)
hole = numpy.where(valid, co, numpy.nan).astype('f4')
write('hole_nan', hole[None], one * valid, 'decibels', nodata=numpy.nan)
write('hole_unsaid', hole[None], one * valid, 'decibels')
write('hole_masked', co[None], one * valid, 'decibels', mask=valid)
power = (10 ** (co.astype('f8') / 10))[None]
write('power', power, one, 'power')
write('amplitude', numpy.sqrt(power), one, 'amplitude')
open(f'{folder}/cases', 'w').write('\\n'.join(cases))
";

const JPEGS: &str = "
import sys, numpy, rasterio
folder = sys.argv[1]
random = numpy.random.default_rng(20221001)
n = 0
for height, width in [(37, 53), (64, 64), (8, 200), (201, 17)]:
    rows, columns = numpy.mgrid[:height, :width]
    ground = 120 + 60 * numpy.sin(rows / 9)[None] + 40 * numpy.cos(columns / 7)[None]
    data = numpy.clip(ground + random.normal(0, 25, (3, height, width)), 0, 255).astype('u1')
    for bands in [data, data[:1]]:
        for quality in [5, 75, 100]:
            for progressive in ['OFF', 'ON']:
                with rasterio.open(f'{folder}/{n}.jpg', 'w', driver='JPEG', dtype='uint8', height=height, width=width,
                                   count=len(bands), quality=quality, progressive=progressive) as file:
                    file.write(bands)
                n += 1
";

/// JPEGs by another encoder are whole; cut anywhere and closed by an end, they are not.
#[test]
fn jpegs_that_gdal_writes_are_whole_until_they_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    python(&["numpy", "rasterio"], JPEGS, &[folder.path().to_str().unwrap()]);
    let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    for path in entries.filter(|path| path.extension().is_some_and(|ending| ending == "jpg")) {
        let whole = std::fs::read(&path).unwrap();
        let decoded = read(&whole);
        assert!(decoded.is_ok(), "{}: {decoded:?}", path.display());
        let scan = whole.array_windows().position(|pair| pair == &[0xFF, 0xDA]).unwrap() + 16;
        for share in 0..50 {
            let end = scan + (whole.len() - 4 - scan) * share / 50;
            let cut = [&whole[..end], &[0xFF, 0xD9]].concat();
            let result = read(&cut);
            let is_damaged = matches!(result, Err(PictureError::Damaged { .. }));
            assert!(is_damaged, "{}, {end} of {}", path.display(), whole.len());
        }
    }
}

#[test]
fn what_gdal_writes_is_read_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    python(&["numpy", "rasterio"], SCRIPT, &[path.to_str().unwrap()]);
    // Without Python there are none.
    let Ok(cases) = std::fs::read_to_string(path.join("cases")) else { return };
    let wrong: Vec<String> = cases.lines().filter_map(|case| check(path, case).err()).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), cases.lines().count());
    assert!(cases.lines().count() > 100);
}

fn check(folder: &Path, case: &str) -> Result<(), String> {
    let [name, values, bands] = case.split(' ').collect::<Vec<_>>()[..] else { panic!("{case}") };
    let bytes = std::fs::read(folder.join(format!("{name}.tif"))).unwrap();
    let (values, bands) = (values.parse().unwrap(), bands.parse().unwrap());
    let decoded = read_as(&bytes, values, bands).map_err(|error| format!("{case}: {error}"))?;
    let expected = std::fs::read(folder.join(format!("{name}.rgb"))).unwrap();
    let expected = expected.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value));
    let found = (0..decoded.picture.rgb.len()).map(|i| decoded.picture.rgb.at(i));
    // A level between two bytes goes to either, by the last bit of a logarithm.
    let tolerance = if matches!(values, Values::Power | Values::Amplitude) { 1.0 } else { 0.0 };
    let n_wrong = found.zip(expected).filter(|(a, b)| (a - b).abs() > tolerance).count();
    let place = decoded.place.and_then(|place| place.at(2.0, 2.0));
    match (n_wrong, place) {
        (0, Some([-98_000.0, 199_000.0])) => Ok(()),
        (0, place) => Err(format!("{case} lies at {place:?}")),
        _ => Err(format!("{case}: {n_wrong} values differ")),
    }
}
