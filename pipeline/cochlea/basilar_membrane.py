"""The basilar membrane converts sound to the membrane's velocity at 700 places along the cochlea.

The shallow-water model of Sieroka, Dosch and Rupp (2006), "Semirealistic models of the cochlea", Journal of
the Acoustical Society of America 120(1), 297-304, with the constants of Cramer et al. (2020), "The Heidelberg
spiking data sets for the systematic evaluation of spiking neural networks", IEEE TNNLS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pipeline.events import CHANNELS

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]


@dataclass(frozen=True)
class BasilarMembrane:
    """A tapered elastic membrane in shallow water, from the base (place 0, high frequencies) to the apex.

    The stiffness at place x is ``stiffness exp(-taper x) - stiffness_offset``. Units are CGS, as in the paper.

    Attributes
    ----------
    channels : int
        Number of places, evenly spaced from 0 to ``length``, at which the velocity is computed.
    length : float
        Length of the membrane in cm.
    stiffness : float
        Stiffness at the base in g s^-2 cm^-2 (the paper's C_0).
    stiffness_offset : float
        Constant that is subtracted from the stiffness everywhere, in the same unit (the paper's a).
    taper : float
        Decay of the stiffness along the membrane in 1/cm (alpha).
    damping : float
        Damping relative to the resonance, dimensionless (delta); the resistance at the base is ``damping
        sqrt(stiffness mass)``.
    mass : float
        Mass of the membrane per area in g cm^-2 (m).
    height : float
        Height of the scala in cm (h).
    density : float
        Density of the fluid in g cm^-3 (rho).
    """

    channels: int = CHANNELS
    length: float = 3.5
    stiffness: float = 1e9
    stiffness_offset: float = 3500.0
    taper: float = 3.0
    damping: float = 0.15
    mass: float = 0.05
    height: float = 0.1
    density: float = 1.0

    @property
    def places(self) -> Real:
        """Distance of each channel from the base in cm, shape (channels,)."""
        return np.linspace(0.0, self.length, self.channels)

    @property
    def resonances(self) -> Real:
        """Resonance frequency of each channel in Hz, descending, shape (channels,)."""
        return np.asarray(np.sqrt(self._stiffness_at(self.places) / self.mass) / (2 * np.pi))

    def velocity(self, omega: Real, place: Real) -> Complex:
        """Velocity of the membrane for a stimulus of unit amplitude.

        Parameters
        ----------
        omega : ndarray of float64
            Angular frequency in rad/s, above 0.
        place : ndarray of float64
            Distance from the base in cm; broadcasts with ``omega``.

        Returns
        -------
        ndarray of complex128, shape of the broadcast arguments
            The paper's v(omega, x) with the stimulus taken as the pressure at the base: twice omega / xi
            times the pressure, relative to its value at the base and times the impedance of the base.
        """
        pressure = self._pressure(omega, place) / self._pressure(omega, np.zeros(1))
        return np.asarray(2 * omega / self._impedance(omega, place) * pressure * self._base(omega))

    def _stiffness_at(self, place: Real) -> Real:
        return np.asarray(self.stiffness * np.exp(-self.taper * place) - self.stiffness_offset)

    def _resistance_at(self, place: Real) -> Real:
        at_base = self.damping * np.sqrt(self.stiffness * self.mass)
        return np.asarray(at_base * np.exp(-self.taper * place / 2))

    def _impedance(self, omega: Real, place: Real) -> Complex:
        """Return xi, the restoring force minus inertia and friction: a damped oscillator at each place."""
        force = self._stiffness_at(place) - self.mass * omega**2
        return np.asarray(force - 1j * omega * self._resistance_at(place))

    def _wavenumber(self, omega: Real, place: Real) -> Complex:
        return np.asarray(omega * np.sqrt(self.density / (self.height * self._impedance(omega, place))))

    def _pressure(self, omega: Real, place: Real) -> Complex:
        """Return the pressure difference: a Hankel function of the accumulated phase of the wave.

        The phase is the integral of the wavenumber from the base to ``place`` (the WKB approximation). It has a
        closed form because the stiffness and the resistance are exponentials of the place.
        """
        phase = self._phase(omega, place)
        return np.asarray(np.sqrt(phase / self._wavenumber(omega, place)) * special.hankel1(0, phase))

    def _phase(self, omega: Real, place: Real) -> Complex:
        start = 2 / self.taper * self._wavenumber(omega, np.zeros(1))
        inertia = self.mass * omega**2 + self.stiffness_offset

        def antiderivative(at: Real) -> Complex:
            """Return the argument of the logarithm in the integral of the wavenumber, at one limit of integration."""
            friction = 1j * omega * self._resistance_at(at)
            root = np.sqrt(self._impedance(omega, at))
            return np.asarray(
                np.exp(self.taper * at / 2) * (1j * (2 * inertia + friction) / (2 * np.sqrt(inertia)) - root)
            )

        ratio = antiderivative(np.zeros(1)) / antiderivative(place)
        factor = 2j * omega / self.taper * np.sqrt(self.density / (self.height * inertia))
        return np.asarray(start - factor * np.log(ratio))

    def _base(self, omega: Real) -> Complex:
        """Return the impedance of the base for the stimulus (the paper's Z)."""
        argument = 2 * omega / self.taper * np.sqrt(2 / (self.height * self.stiffness))
        above = 1j * special.j0(argument) + special.y0(argument)
        below = special.j1(argument) - 1j * special.y1(argument)
        return np.asarray(np.sqrt(2 * self.stiffness / self.height) * above / below)
