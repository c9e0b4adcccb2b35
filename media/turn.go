package media

import (
	"image"
	"image/color"
	"image/draw"
)

// onWhite draws a picture on white.
func onWhite(m image.Image) *image.RGBA {
	n := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
	draw.Draw(n, n.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(n, n.Rect, m, m.Bounds().Min, draw.Over)
	return n
}

// turned gives a picture as EXIF's orientation wants it seen; 0 and 1 as it is.
func turned(m *image.RGBA, orientation int) *image.RGBA {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	var from func(x, y int) (int, int) // where a pixel of the turned picture comes from
	switch orientation {
	case 2:
		from = func(x, y int) (int, int) { return w - 1 - x, y }
	case 3:
		from = func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }
	case 4:
		from = func(x, y int) (int, int) { return x, h - 1 - y }
	case 5:
		from = func(x, y int) (int, int) { return y, x }
	case 6:
		from = func(x, y int) (int, int) { return y, h - 1 - x }
	case 7:
		from = func(x, y int) (int, int) { return w - 1 - y, h - 1 - x }
	case 8:
		from = func(x, y int) (int, int) { return w - 1 - y, x }
	default:
		return m
	}
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	n := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fx, fy := from(x, y)
			n.SetRGBA(x, y, m.RGBAAt(fx, fy))
		}
	}
	return n
}

// mean is the mean colour of a part of a picture that has no transparency.
func mean(m *image.RGBA, r image.Rectangle) color.RGBA {
	var red, green, blue, n int
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := m.Pix[m.PixOffset(r.Min.X, y):m.PixOffset(r.Max.X, y)]
		for k := 0; k+3 < len(row); k += 4 {
			red, green, blue, n = red+int(row[k]), green+int(row[k+1]), blue+int(row[k+2]), n+1
		}
	}
	n = max(1, n)
	return color.RGBA{uint8(red / n), uint8(green / n), uint8(blue / n), 255}
}
