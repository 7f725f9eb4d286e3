package scale

import "errors"

// Slope is what one of each of two things costs.
type Slope struct{ X, Y float64 }

// Fit finds X and Y for which X·x + Y·y comes nearest to z, by least squares. It fails where x
// and y grow together.
func Fit(x, y, z []float64) (Slope, error) {
	var xx, xy, yy, xz, yz float64
	for i := range x {
		xx += x[i] * x[i]
		xy += x[i] * y[i]
		yy += y[i] * y[i]
		xz += x[i] * z[i]
		yz += y[i] * z[i]
	}
	d := xx*yy - xy*xy
	if d <= 1e-9*xx*yy {
		return Slope{}, errors.New("the two cannot be told apart")
	}
	return Slope{(xz*yy - yz*xy) / d, (yz*xx - xz*xy) / d}, nil
}
