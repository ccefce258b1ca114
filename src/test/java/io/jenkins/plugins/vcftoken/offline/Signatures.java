package io.jenkins.plugins.vcftoken.offline;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.TypeParameterElement;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;

/** The classes and members that are added, and those that they need to compile without the real libraries. */
final class Signatures {

    private final Elements elements;
    private final Types types;
    private final UnavailableTypes unavailableTypes;
    private final Set<Element> members = new LinkedHashSet<>();
    private final Deque<Element> pending = new ArrayDeque<>();

    Signatures(Elements elements, Types types) {
        this.elements = elements;
        this.types = types;
        this.unavailableTypes = new UnavailableTypes(elements);
    }

    /** Adds a class, method, constructor or field if it needs a signature. */
    void add(Element element) {
        boolean type = element instanceof TypeElement;
        if (!type && !element.getKind().isField() && !(element instanceof ExecutableElement)) {
            return;
        }
        TypeElement owner = type ? (TypeElement) element : UnavailableTypes.enclosingType(element);
        if (unavailableTypes.contains(owner) && members.add(element)) {
            pending.add(element);
            if (!type) {
                add(owner);
            }
        }
    }

    /** Adds dependencies transitively. */
    void complete() {
        do {
            while (!pending.isEmpty()) {
                Element next = pending.remove();
                if (next instanceof TypeElement type) {
                    addDependencies(type);
                } else if (next instanceof ExecutableElement method) {
                    addTypes(method.getReturnType());
                    method.getParameters().forEach(parameter -> addTypes(parameter.asType()));
                    method.getThrownTypes().forEach(this::addTypes);
                    addBounds(method.getTypeParameters());
                } else {
                    addTypes(next.asType());
                }
            }
            getTypes().forEach(this::addImplementations);
        } while (!pending.isEmpty());
    }

    Stream<TypeElement> getTopLevelTypes() {
        return getTypes()
                .filter(type -> type.getEnclosingElement().getKind() == ElementKind.PACKAGE)
                .sorted(Comparator.comparing(type -> type.getQualifiedName().toString()));
    }

    List<Element> getMembers(TypeElement type) {
        return type.getEnclosedElements().stream()
                .filter(members::contains)
                .<Element>map(member -> member)
                .toList();
    }

    private Stream<TypeElement> getTypes() {
        return List.copyOf(members).stream()
                .filter(member -> member instanceof TypeElement)
                .map(member -> (TypeElement) member);
    }

    private void addDependencies(TypeElement type) {
        if (type.getEnclosingElement() instanceof TypeElement outer) {
            add(outer);
        }
        addTypes(type.getSuperclass());
        type.getInterfaces().forEach(this::addTypes);
        addBounds(type.getTypeParameters());
        if (type.getKind() == ElementKind.ANNOTATION_TYPE) {
            type.getEnclosedElements().forEach(this::add);
        }
        if (type.getKind() == ElementKind.ENUM) {
            type.getEnclosedElements().stream()
                    .filter(member -> member.getKind() == ElementKind.ENUM_CONSTANT)
                    .forEach(this::add);
        }
        if (type.getKind() == ElementKind.CLASS) {
            findSimplestConstructor(type).forEach(this::add);
        }
    }

    private void addTypes(TypeMirror type) {
        DeclarationFormatter.findTypes(type).forEach(this::add);
    }

    private void addBounds(List<? extends TypeParameterElement> parameters) {
        parameters.forEach(parameter -> parameter.getBounds().forEach(this::addTypes));
    }

    /** Without a constructor, the compiler would add a default one that the real class may not have. */
    private static Stream<ExecutableElement> findSimplestConstructor(TypeElement type) {
        return ElementFilter.constructorsIn(type.getEnclosedElements()).stream()
                .sorted(Comparator.<ExecutableElement, Boolean>comparing(DeclarationFormatter::isPrivate)
                        .thenComparing(
                                constructor -> constructor.getParameters().size())
                        .thenComparing(Object::toString))
                .limit(1);
    }

    /** Subclasses do not have to implement an abstract method that this class implements. */
    private void addImplementations(TypeElement type) {
        List<TypeElement> supertypes = Supertypes.findAll(type, types).toList();
        supertypes.stream()
                .flatMap(parent -> ElementFilter.methodsIn(parent.getEnclosedElements()).stream())
                .filter(method -> method.getModifiers().contains(Modifier.ABSTRACT))
                .filter(method ->
                        members.contains(method) || !unavailableTypes.contains(UnavailableTypes.enclosingType(method)))
                .forEach(abstractMethod -> Stream.concat(Stream.of(type), supertypes.stream())
                        .flatMap(owner -> ElementFilter.methodsIn(owner.getEnclosedElements()).stream())
                        .filter(method -> !method.getModifiers().contains(Modifier.ABSTRACT))
                        .filter(method -> elements.overrides(method, abstractMethod, type))
                        .findFirst()
                        .ifPresent(this::add));
    }
}
